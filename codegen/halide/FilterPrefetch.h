// Lowering pass of convolutions that stream their filter from memory: spreads the loads of the next task's part over the
// arithmetic of the current ones.

#ifndef RESNET_CODEGEN_HALIDE_FILTERPREFETCH_H
#define RESNET_CODEGEN_HALIDE_FILTERPREFETCH_H

#include "dialect/IR/Geometry.h"
#include <Halide.h>

namespace resnet::codegen {

/// Without it the first task that meets a part of the filter waits for memory while all others find it in L2: 3x3 512 -> 512 at
/// 7x7 with cold weights takes 1.4 times as long as with warm ones. Every 16 steps of the reduction prefetch a few cache lines of
/// the part that the next group of output blocks reads at the same place.
class FilterPrefetch : public Halide::Internal::IRMutator {
public:
  /// `filter` names the parameter, `reduction` the RDom (channel in block, block, column, row); a part is `tileBlocks` output
  /// blocks, for which `tasks` consecutive iterations of the parallel loop run.
  FilterPrefetch(const FilterGeometry &geometry, std::string filter, std::string reduction, int64_t tileBlocks, int64_t tasks);

private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override;
  Halide::Internal::Stmt prefetches() const;
  /// The reduction's loop over `dimension` (x, y, z, w), or zero where it has one iteration and no loop.
  Halide::Expr reductionVariable(const char *dimension) const;

  const FilterGeometry geometry;
  const std::string filter, reduction;
  const int tileBlocks, tasks;
  std::vector<const Halide::Internal::For *> loops; // that enclose the current statement
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_FILTERPREFETCH_H
