// Gives every convolution the sum and the activation that follow it, and fuses what no convolution takes into one element-wise
// operation each. One walk in program order. Assumes flattened residual blocks: a sum's first operand is F's result.

#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/Rewriting.h"
#include "passes/Weights.h"
#include "llvm/ADT/TypeSwitch.h"

namespace resnet {
#define GEN_PASS_DEF_FUSEEPILOGUES
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

// Where `value` is the result of an `Op` that only one operation reads and whose epilogue is still open, that operation.
template <typename Op> Op openEpilogue(Value value) {
  auto op = value.getDefiningOp<Op>();
  return op && op->hasOneUse() && op.getActivation() == Activation::None && !op.getAddend() ? op : Op{};
}

struct FuseEpiloguesPass : resnet::impl::FuseEpiloguesBase<FuseEpiloguesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](Operation *op) {
      rewriter.setInsertionPoint(op);
      llvm::TypeSwitch<Operation *>(op).Case<Conv2dOp, BatchNormOp, AddOp, ReluOp>([&](auto op) { fuse(op, rewriter); });
    });
  }

  void fuse(Conv2dOp op, IRRewriter &rewriter) {
    rewriter.replaceOpWithNewOp<FusedConv2dOp>(op, op.getType(), op.getInput(), op.getFilter(), op.getBias(), Value(),
                                               Activation::None, IntegerAttr(), op.getStrides(), op.getPadding(),
                                               op.getDilations(), op.getGroups());
  }

  // What FoldBatchNorm left: a normalisation that no convolution precedes.
  void fuse(BatchNormOp op, IRRewriter &rewriter) {
    std::optional<ScaleShift> affine = scaleAndShift(op);
    if (!affine)
      return;
    const SmallVector<float> factors(ArrayRef(affine->scale)), shifts(ArrayRef(affine->shift));
    if (!allFinite(factors) || !allFinite(shifts))
      return;
    auto model = op.getScale().getDefiningOp<ConstantOp>();
    auto constant = [&](ArrayRef<float> values, StringRef suffix) {
      return createConstantLike(rewriter, op.getLoc(), model, {static_cast<int64_t>(values.size())}, values, suffix);
    };
    Value scale = constant(factors, ".scale"), shift = constant(shifts, ".shift");
    rewriter.replaceOpWithNewOp<FusedElementwiseOp>(op, op.getType(), op.getInput(), scale, shift, Value(), Activation::None);
    ++elementwise;
  }

  void fuse(AddOp op, IRRewriter &rewriter) {
    const std::pair<Value, Value> orders[] = {{op.getLhs(), op.getRhs()}, {op.getRhs(), op.getLhs()}};
    for (auto [value, addend] : orders)
      if (auto conv = openEpilogue<FusedConv2dOp>(value); conv && !conv.getActivatedChannels()) {
        ++sums;
        return takeAddend(conv, addend, op, rewriter);
      }
    for (auto [value, addend] : orders)
      if (auto inner = openEpilogue<FusedElementwiseOp>(value))
        return takeAddend(inner, addend, op, rewriter);
    rewriter.replaceOpWithNewOp<FusedElementwiseOp>(op, op.getType(), op.getLhs(), Value(), Value(), op.getRhs(),
                                                    Activation::None);
    ++elementwise;
  }

  // The fused operation moves to the sum, for the addend may be computed after it.
  template <typename Op> void takeAddend(Op op, Value addend, AddOp add, IRRewriter &rewriter) {
    rewriter.moveOpBefore(op, add);
    rewriter.modifyOpInPlace(op, [&] {
      op.getAddendMutable().assign(addend);
      op->setLoc(fusedLoc(op, add));
    });
    rewriter.replaceOp(add, op);
  }

  void fuse(ReluOp op, IRRewriter &rewriter) {
    Operation *producer = op.getInput().getDefiningOp();
    if (producer && producer->hasOneUse()) {
      const bool fused = llvm::TypeSwitch<Operation *, bool>(producer)
                             .Case<FusedConv2dOp, FusedElementwiseOp>([&](auto inner) {
                               if (inner.getActivation() != Activation::None)
                                 return false;
                               rewriter.modifyOpInPlace(inner, [&] {
                                 inner.setActivation(Activation::Relu);
                                 inner->setLoc(fusedLoc(inner, op));
                               });
                               rewriter.replaceOp(op, inner);
                               return true;
                             })
                             .Default(false);
      if (fused) {
        ++activations;
        return;
      }
    }
    rewriter.replaceOpWithNewOp<FusedElementwiseOp>(op, op.getType(), op.getInput(), Value(), Value(), Value(), Activation::Relu);
    ++elementwise;
  }
};

} // namespace
