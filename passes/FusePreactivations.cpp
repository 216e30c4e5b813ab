// Makes the normalisation that a pre-activation block begins with an output of the convolution before it: a second one where the
// sum is read elsewhere too. One walk in program order, so that a sum that was kept is found by the convolution that adds it.
// Runs after the passes that look for plain convolutions.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/Rewriting.h"

namespace resnet {
#define GEN_PASS_DEF_FUSEPREACTIVATIONS
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

// The convolution whose sum `op` normalises, where its epilogue can do that.
static FusedConv2dOp producer(FusedElementwiseOp op) {
  auto conv = op.getInput().getDefiningOp<FusedConv2dOp>();
  const bool normalises = op.getScale() && !op.getGate() && !op.getAddend() && op.getScale().getDefiningOp<ConstantOp>() &&
                          op.getShift().getDefiningOp<ConstantOp>();
  return conv && normalises && !conv.getPostScale() && conv->getBlock() == op->getBlock() ? conv : FusedConv2dOp();
}

static SliceOp sliceChannels(RewriterBase &rewriter, Location loc, FusedConv2dOp conv, int64_t offset, RankedTensorType type) {
  const int64_t ones[] = {1, 1, 1};
  return SliceOp::create(rewriter, loc, type, conv, ArrayRef<int64_t>{offset, 0, 0}, type.getShape().drop_front(), ones);
}

// Where `value` is the sum in a convolution's result of `type`, that result.
static Value keptSum(Value value, RankedTensorType type) {
  auto slice = value ? value.getDefiningOp<SliceOp>() : SliceOp();
  auto conv = slice ? slice.getInput().getDefiningOp<FusedConv2dOp>() : FusedConv2dOp();
  const bool isSum = conv && conv.getKeepsSum() && conv.getType() == type && slice.getOffsets()[0] == conv.getSumChannels() &&
                     slice.getSizes()[0] == conv.getSumChannels();
  return isSum ? conv.getResult() : Value();
}

namespace {

struct FusePreactivationsPass : resnet::impl::FusePreactivationsBase<FusePreactivationsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](FusedElementwiseOp op) {
      FusedConv2dOp conv = producer(op);
      if (!conv)
        return;
      if (conv->hasOneUse()) {
        takePost(conv, op, rewriter);
        rewriter.replaceOp(op, conv);
        ++replaced;
      } else if (conv.getSumChannels() % kChannelBlock == 0) {
        keepSum(conv, op, rewriter);
        ++kept;
      }
    });
  }

  void takePost(FusedConv2dOp conv, FusedElementwiseOp op, IRRewriter &rewriter) {
    rewriter.setInsertionPoint(conv);
    // They may be defined behind the convolution.
    auto constantBefore = [&](Value value) -> Value {
      auto constant = value.getDefiningOp<ConstantOp>();
      if (!constant->hasOneUse())
        return rewriter.clone(*constant)->getResult(0);
      rewriter.moveOpBefore(constant, conv);
      return value;
    };
    Value scale = constantBefore(op.getScale()), shift = constantBefore(op.getShift());
    rewriter.modifyOpInPlace(conv, [&] {
      conv.getPostScaleMutable().assign(scale);
      conv.getPostShiftMutable().assign(shift);
      conv.setPostActivation(op.getActivation());
      conv->setLoc(fusedLoc(conv, op));
    });
  }

  void keepSum(FusedConv2dOp conv, FusedElementwiseOp op, IRRewriter &rewriter) {
    const RankedTensorType type = conv.getType();
    const int64_t channels = conv.getSumChannels();
    const Location sumLoc = conv.getLoc();
    takePost(conv, op, rewriter);
    rewriter.modifyOpInPlace(conv, [&] {
      conv.setKeepsSum(true);
      conv.getResult().setType(RankedTensorType::get({type.getDimSize(0), 2 * channels, type.getDimSize(2), type.getDimSize(3)},
                                                     type.getElementType()));
      if (Value kept = conv.subsamplesAddend() ? Value() : keptSum(conv.getAddend(), conv.getType())) {
        Operation *slice = conv.getAddend().getDefiningOp();
        conv.getAddendMutable().assign(kept);
        if (slice->use_empty())
          rewriter.eraseOp(slice);
      }
    });
    rewriter.setInsertionPointAfter(conv);
    SliceOp post = sliceChannels(rewriter, op.getLoc(), conv, 0, type);
    SliceOp sum = sliceChannels(rewriter, sumLoc, conv, channels, type);
    rewriter.replaceOp(op, post);
    rewriter.replaceUsesWithIf(conv, sum, [&](OpOperand &use) { return use.getOwner() != post && use.getOwner() != sum; });
  }
};

} // namespace
