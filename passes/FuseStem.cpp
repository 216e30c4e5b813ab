// Fuses a convolution of few input channels and the max pool that alone reads it. Runs after FuseEpilogues, which gave the
// convolution its activation.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/Rewriting.h"

namespace resnet {
#define GEN_PASS_DEF_FUSESTEM
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

// With more channels an output takes so long that writing and reading it is nothing, but computing border rows twice is not.
static constexpr int64_t kMostChannels = 16;

// Rows of a window are what the kernel holds in cache and what neighbouring tasks compute twice; a pool over everything would
// also leave one row to be shared among threads.
static constexpr int64_t kLargestWindow = 4;

// ceil_mode as padding: what the last window covers behind the input never wins.
static SmallVector<int64_t> poolPadding(MaxPool2dOp pool) {
  SmallVector<int64_t> padding(pool.getPadding());
  ArrayRef<int64_t> in = pool.getInput().getType().getShape(), out = pool.getType().getShape();
  for (int i : {0, 1}) {
    const int64_t covered = (out[2 + i] - 1) * pool.getStrides()[i] + pool.getKernel()[i];
    padding[2 + i] = pool.getCeilMode() ? std::max<int64_t>(0, covered - padding[i] - in[2 + i]) : padding[2 + i];
  }
  return padding;
}

namespace {

struct FuseMaxPool : OpRewritePattern<MaxPool2dOp> {
  FuseMaxPool(MLIRContext *context, Pass::Statistic *fused) : OpRewritePattern(context), fused(fused) {}

  LogicalResult matchAndRewrite(MaxPool2dOp pool, PatternRewriter &rewriter) const override {
    auto conv = pool.getInput().getDefiningOp<FusedConv2dOp>();
    if (!conv || !conv->hasOneUse())
      return rewriter.notifyMatchFailure(pool, "no convolution that only this pool reads");
    if (conv.getAddend() || conv.getPostScale() || conv.getActivatedChannels() || conv.getGroups() != 1 ||
        !allEqual(conv.getDilations(), 1))
      return rewriter.notifyMatchFailure(
          pool, "the convolution has a sum, a second activation, groups, a dilation or a partial activation");
    if (conv.getInput().getType().getDimSize(1) > kMostChannels)
      return rewriter.notifyMatchFailure(pool, "the convolution reads more than 16 channels");
    ArrayRef<int64_t> in = conv.getType().getShape(), out = pool.getType().getShape();
    if (!allEqual(pool.getDilations(), 1) || out[2] * out[3] * 2 > in[2] * in[3])
      return rewriter.notifyMatchFailure(pool, "the pool is dilated or does not halve the map");
    if (llvm::any_of(pool.getKernel(), [](int64_t size) { return size > kLargestWindow; }))
      return rewriter.notifyMatchFailure(pool, "the pool's window is larger than 4x4");
    rewriter.replaceOp(pool, FusedStemOp::create(rewriter, fusedLoc(conv, pool), pool.getType(), conv.getInput(),
                                                 conv.getFilter(), conv.getBias(), conv.getActivation(), conv.getStrides(),
                                                 conv.getPadding(), pool.getKernel(), pool.getStrides(), poolPadding(pool)));
    rewriter.eraseOp(conv);
    if (fused)
      ++*fused;
    return success();
  }

  Pass::Statistic *fused;
};

struct FuseStemPass : resnet::impl::FuseStemBase<FuseStemPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateFuseStemPatterns(patterns, &fused);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), patternsOnly())))
      signalPassFailure();
  }
};

} // namespace

void resnet::populateFuseStemPatterns(RewritePatternSet &patterns, Pass::Statistic *fused) {
  patterns.add<FuseMaxPool>(patterns.getContext(), fused);
}
