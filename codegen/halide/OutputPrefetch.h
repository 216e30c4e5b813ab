// Lowering pass of direct convolutions that write two maps: fetches the lines of a tile's results during its arithmetic.

#ifndef RESNET_CODEGEN_HALIDE_OUTPUTPREFETCH_H
#define RESNET_CODEGEN_HALIDE_OUTPUTPREFETCH_H

#include <Halide.h>

namespace resnet::codegen {

/// A tile's stores come all at once, behind its sums, and those that miss the cache fill the store buffer.
class OutputPrefetch : public Halide::Internal::IRMutator {
public:
  /// `sum` names the tile's sums, `output` the buffer.
  OutputPrefetch(std::string sum, std::string output) : sum(std::move(sum)), output(std::move(output)) {}

private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::Allocate *op) override;

  const std::string sum, output;
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_OUTPUTPREFETCH_H
