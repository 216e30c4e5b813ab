// Convolutions whose groups are narrower than a vector: an input vector is loaded whole, and its lanes are exchanged so that each
// meets every channel of its own group. Halide has no expression for that, only loads with computed indices, one a lane.

#ifndef RESNET_CODEGEN_HALIDE_LANEEXCHANGE_H
#define RESNET_CODEGEN_HALIDE_LANEEXCHANGE_H

#include <Halide.h>

namespace resnet::codegen {

/// Lane l of the result is lane l xor `distance` of `value`, which is vectorised over a power of two lanes; `distance` is a
/// constant once loops are unrolled. Pipelines that use it need the pass below. Other permutations visit a group as well, but
/// these are single instructions with an immediate up to four lanes, and repeated lanes would become Halide's interleaving.
Halide::Expr exchangeLanes(const Halide::Expr &value, const Halide::Expr &distance);

/// Lowering pass that turns exchangeLanes into shuffles: OpenCL's function of that name, which Halide does not know, or Halide's.
class LaneExchange : public Halide::Internal::IRMutator {
public:
  explicit LaneExchange(bool openCl = false) : openCl(openCl) {}

private:
  bool openCl;
  using IRMutator::visit;
  Halide::Expr visit(const Halide::Internal::Call *op) override;
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_LANEEXCHANGE_H
