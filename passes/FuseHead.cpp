// Fuses the classifier: global average pool, flatten, fully connected layer and softmax. Each may have no other reader.

#include "passes/Passes.h"
#include "passes/Rewriting.h"

namespace resnet {
#define GEN_PASS_DEF_FUSEHEAD
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

struct FuseLinear : OpRewritePattern<LinearOp> {
  FuseLinear(MLIRContext *context, Pass::Statistic *fused) : OpRewritePattern(context), fused(fused) {}

  LogicalResult matchAndRewrite(LinearOp op, PatternRewriter &rewriter) const override {
    auto flatten = op.getInput().getDefiningOp<FlattenOp>();
    auto pool = flatten ? flatten.getInput().getDefiningOp<GlobalAvgPoolOp>() : GlobalAvgPoolOp{};
    if (!pool)
      return rewriter.notifyMatchFailure(op, "no flattened global average pool");
    if (!flatten->hasOneUse() || !pool->hasOneUse())
      return rewriter.notifyMatchFailure(op, "the pooled features have another reader");
    rewriter.replaceOp(op, FusedHeadOp::create(rewriter, fusedLoc(pool, flatten, op), op.getType(), pool.getInput(),
                                               op.getWeight(), op.getBias(), false));
    if (fused)
      ++*fused;
    return success();
  }

  Pass::Statistic *fused;
};

struct FuseSoftmax : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    auto head = op.getInput().getDefiningOp<FusedHeadOp>();
    if (!head || head.getSoftmax() || !head->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no head whose logits only this softmax reads");
    rewriter.replaceOp(op, FusedHeadOp::create(rewriter, fusedLoc(head, op), op.getType(), head.getInput(), head.getWeight(),
                                               head.getBias(), true, op.getLog()));
    return success();
  }
};

struct FuseHeadPass : resnet::impl::FuseHeadBase<FuseHeadPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateFuseHeadPatterns(patterns, &fused);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), patternsOnly())))
      signalPassFailure();
  }
};

} // namespace

void resnet::populateFuseHeadPatterns(RewritePatternSet &patterns, Pass::Statistic *fused) {
  patterns.add<FuseLinear>(patterns.getContext(), fused);
  patterns.add<FuseSoftmax>(patterns.getContext());
}
