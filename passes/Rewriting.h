// How the project's passes drive patterns and name what they make.

#ifndef RESNET_PASSES_REWRITING_H
#define RESNET_PASSES_REWRITING_H

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace resnet {

/// Applies patterns and nothing else: no folding, so that constants stay where they are read.
inline mlir::GreedyRewriteConfig patternsOnly() {
  return mlir::GreedyRewriteConfig().enableFolding(false).enableConstantCSE(false).setRegionSimplificationLevel(
      mlir::GreedySimplifyRegionLevel::Disabled);
}

/// The location of an operation that does the work of several: their names, in order.
template <typename... Ops> mlir::Location fusedLoc(Ops... ops) {
  llvm::SmallVector<mlir::Location> locations{ops->getLoc()...};
  return mlir::FusedLoc::get(locations.front().getContext(), locations);
}

} // namespace resnet

#endif // RESNET_PASSES_REWRITING_H
