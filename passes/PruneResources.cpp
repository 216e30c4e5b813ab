// Frees the data of weights that no operation refers to any more, such as those that FoldBatchNorm replaced. Assumes that no
// other module of the context shares the resources.

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringSet.h"

namespace resnet {
#define GEN_PASS_DEF_PRUNERESOURCES
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {
struct PruneResourcesPass : resnet::impl::PruneResourcesBase<PruneResourcesPass> {
  void runOnOperation() override {
    llvm::StringSet<> used;
    AttrTypeWalker walker;
    walker.addWalk([&](DenseResourceElementsAttr attr) { used.insert(attr.getRawHandle().getKey()); });
    getOperation().walk([&](Operation *op) { walker.walk(op->getAttrDictionary()); });

    DialectResourceBlobManager &manager = DenseResourceElementsHandle::getManagerInterface(&getContext()).getBlobManager();
    SmallVector<std::string> dead;
    manager.getBlobMap([&](const auto &blobs) {
      for (const auto &entry : blobs)
        if (const AsmResourceBlob *blob = entry.second.getBlob();
            blob && !blob->getData().empty() && !used.contains(entry.first()))
          dead.push_back(entry.first().str());
    });
    for (const std::string &key : dead) {
      bytesFreed += manager.lookup(key)->getBlob()->getData().size();
      manager.update(key, AsmResourceBlob());
    }
  }
};
} // namespace
