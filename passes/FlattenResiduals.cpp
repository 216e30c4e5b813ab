// Inlines both regions of every residual block and makes its sum and activation explicit. Never fails.

#include "dialect/IR/Activations.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"

namespace resnet {
#define GEN_PASS_DEF_FLATTENRESIDUALS
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

// Moves a region's operations in front of the block's operation and returns what the region yields.
static Value inlineRegion(RewriterBase &rewriter, ResidualOp op, Region &region) {
  Block &block = region.front();
  auto yield = cast<YieldOp>(block.getTerminator());
  Value result = yield.getOperand(0);
  rewriter.eraseOp(yield);
  rewriter.inlineBlockBefore(&block, op);
  return result;
}

namespace {
struct FlattenResidualsPass : resnet::impl::FlattenResidualsBase<FlattenResidualsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    // Post-order: a block inside a block is flattened first.
    getOperation().walk([&](ResidualOp op) {
      rewriter.setInsertionPoint(op);
      Value f = inlineRegion(rewriter, op, op.getBody());
      Value shortcut = op.hasIdentityShortcut() ? op.getInput() : inlineRegion(rewriter, op, op.getShortcut());
      Value sum = AddOp::create(rewriter, op.getLoc(), op.getType(), f, shortcut);
      rewriter.replaceOp(op, createActivation(rewriter, op.getLoc(), op.getActivation(), sum));
      ++flattened;
    });
  }
};
} // namespace
