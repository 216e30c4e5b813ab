// Gives every convolution the sum and the activation that follow it, and fuses what no convolution takes, gates among it, into
// one element-wise operation each. One walk in program order. Assumes flattened residual blocks: a sum's first operand is F's
// result. What is not in the order of an epilogue (gate, sum, activation), and all around a fake_quantize, stays apart.

#include "dialect/IR/Activations.h"
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
      if (Activation activation = activationOf(op); activation != Activation::None)
        return fuse(op, activation, rewriter);
      llvm::TypeSwitch<Operation *>(op).Case<Conv2dOp, BatchNormOp, MulOp, AddOp>([&](auto op) { fuse(op, rewriter); });
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
    replace(op, {op.getInput(), scale, shift}, Activation::None, rewriter);
  }

  struct Elementwise {
    Value input, scale = {}, shift = {}, gate = {}, addend = {};
  };
  void replace(Operation *op, const Elementwise &of, Activation activation, IRRewriter &rewriter) {
    rewriter.replaceOpWithNewOp<FusedElementwiseOp>(op, op->getResult(0).getType(), of.input, of.scale, of.shift, of.gate,
                                                    of.addend, activation);
    ++elementwise;
  }

  // A product of two maps is no gate and stays.
  void fuse(MulOp op, IRRewriter &rewriter) {
    if (!op.hasGate())
      return;
    if (auto inner = openEpilogue<FusedElementwiseOp>(op.getLhs()); inner && !inner.getGate())
      return take(inner, inner.getGateMutable(), op.getRhs(), op, rewriter);
    replace(op, {.input = op.getLhs(), .gate = op.getRhs()}, Activation::None, rewriter);
  }

  void fuse(AddOp op, IRRewriter &rewriter) {
    const std::pair<Value, Value> orders[] = {{op.getLhs(), op.getRhs()}, {op.getRhs(), op.getLhs()}};
    // F ends with its gate; the projection on the other path stays plain, as one beside a convolution does.
    for (auto [value, addend] : orders)
      if (auto inner = openEpilogue<FusedElementwiseOp>(value); inner && inner.getGate())
        return take(inner, inner.getAddendMutable(), addend, op, rewriter);
    for (auto [value, addend] : orders)
      if (auto conv = openEpilogue<FusedConv2dOp>(value); conv && !conv.getActivatedChannels()) {
        ++sums;
        return take(conv, conv.getAddendMutable(), addend, op, rewriter);
      }
    for (auto [value, addend] : orders)
      if (auto inner = openEpilogue<FusedElementwiseOp>(value))
        return take(inner, inner.getAddendMutable(), addend, op, rewriter);
    replace(op, {.input = op.getLhs(), .addend = op.getRhs()}, Activation::None, rewriter);
  }

  // `op` does the work of `user` with `value` as its gate or addend. It moves there, for the value may be computed after it.
  void take(Operation *op, MutableOperandRange operand, Value value, Operation *user, IRRewriter &rewriter) {
    rewriter.moveOpBefore(op, user);
    rewriter.modifyOpInPlace(op, [&] {
      operand.assign(value);
      op->setLoc(fusedLoc(op, user));
    });
    rewriter.replaceOp(user, op);
  }

  void fuse(Operation *op, Activation activation, IRRewriter &rewriter) {
    Value input = op->getOperand(0);
    Operation *producer = input.getDefiningOp();
    if (producer && producer->hasOneUse()) {
      const bool fused = llvm::TypeSwitch<Operation *, bool>(producer)
                             .Case<FusedConv2dOp, FusedElementwiseOp>([&](auto inner) {
                               if (inner.getActivation() != Activation::None)
                                 return false;
                               rewriter.modifyOpInPlace(inner, [&] {
                                 inner.setActivation(activation);
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
    replace(op, {.input = input}, activation, rewriter);
  }
};

} // namespace
