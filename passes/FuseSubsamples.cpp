// Lets convolutions read their subsampled addend where it is. Fires where a subsampling has no other readers. Runs after
// FuseEpilogues and PushStrides, which make the addends.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/Rewriting.h"

namespace resnet {
#define GEN_PASS_DEF_FUSESUBSAMPLES
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

// The convolution that only adds `use`'s value, as it is.
static FusedConv2dOp addingConv(OpOperand &use) {
  auto conv = dyn_cast<FusedConv2dOp>(use.getOwner());
  const bool adds = conv && conv.getAddend() && &use == &conv.getAddendMutable()[0] && !conv.subsamplesAddend();
  return adds ? conv : FusedConv2dOp();
}

namespace {

struct FuseSubsamplesPass : resnet::impl::FuseSubsamplesBase<FuseSubsamplesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](SubsampleOp op) {
      if (op->use_empty() || !llvm::all_of(op->getUses(), [](OpOperand &use) { return addingConv(use) != nullptr; }))
        return;
      for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
        FusedConv2dOp conv = addingConv(use);
        rewriter.modifyOpInPlace(conv, [&] {
          use.set(op.getInput());
          conv.setAddendStrides(op.getStrides());
          conv.setAddendChannelPadding(op.getChannelPadding());
          conv->setLoc(fusedLoc(conv, op));
        });
        ++fused;
      }
      rewriter.eraseOp(op);
    });
  }
};

} // namespace
