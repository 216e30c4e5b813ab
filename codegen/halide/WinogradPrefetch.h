// Lowering pass of Winograd convolutions that stream their filter: spreads the loads of the part that is transformed next over
// the products of the current one.

#ifndef RESNET_CODEGEN_HALIDE_WINOGRADPREFETCH_H
#define RESNET_CODEGEN_HALIDE_WINOGRADPREFETCH_H

#include "dialect/IR/Geometry.h"
#include <Halide.h>

namespace resnet::codegen {

/// A transform reads its part of the filter in a burst, which by itself waits for memory while the arithmetic rests: 512 -> 512
/// at 7x7 with cold weights takes 1.3 to 1.7 times as long without these prefetches.
class WinogradPrefetch : public Halide::Internal::IRMutator {
public:
  /// `filter` and `chunk` name the parameter and the reduction's loop over chunks, `products` the stage (FUNC.s0.) whose loops
  /// over points (pv, pu) hold the arithmetic; a task, of the parallel loop ko, has `tileBlocks` output blocks and `chunks`
  /// parts.
  WinogradPrefetch(const FilterGeometry &geometry, std::string filter, std::string chunk, std::string products,
                   int64_t tileBlocks, int64_t chunks, int pointsX, int pointsY);

private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override;
  Halide::Internal::Stmt prefetches(const Halide::Internal::For *innermost) const;
  /// The enclosing loop whose name ends so, as an expression; zero where it has one iteration and no loop.
  Halide::Expr loopVariable(const std::string &suffix) const;

  const FilterGeometry geometry;
  const std::string filter, chunk, products;
  const int tileBlocks, chunks, pointsX, pointsY;
  std::vector<const Halide::Internal::For *> loops; // that enclose the current statement
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_WINOGRADPREFETCH_H
