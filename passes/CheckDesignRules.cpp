// Remarks where residual blocks depart from the design rules of He et al. 2015, sections 3.3 and 4.1. Assumes raised blocks whose
// normalisations are not folded yet; says nothing about what is flat. Never fails.

#include "dialect/IR/Activations.h"
#include "dialect/IR/Layouts.h"
#include "passes/Passes.h"

namespace resnet {
#define GEN_PASS_DEF_CHECKDESIGNRULES
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

/// What a block makes of its input.
struct Maps {
  RankedTensorType in, out;

  explicit Maps(ResidualOp op) : in(op.getInput().getType()), out(op.getType()) {}
  int64_t inChannels() const { return in.getDimSize(1); }
  int64_t outChannels() const { return out.getDimSize(1); }
  // Rounding as a strided window does: 7 rows become 4.
  bool divides(int64_t factor) const {
    return ceilDiv(in.getDimSize(2), factor) == out.getDimSize(2) && ceilDiv(in.getDimSize(3), factor) == out.getDimSize(3);
  }
};

bool normalises(Operation *op) { return isa_and_nonnull<BatchNormOp, GroupNormOp>(op); }

// Whether a block comes before this one: a pre-activation block's input may be normalised and activated. A stem has its own
// width.
bool followsBlock(ResidualOp op) {
  Operation *before = op.getInput().getDefiningOp();
  while (before && (normalises(before) || activationOf(before) != Activation::None))
    before = before->getOperand(0).getDefiningOp();
  return isa_and_nonnull<ResidualOp>(before);
}

// Only what a normalisation reads or is read by: anything but an activation, or the halves that IBN makes, ends the search.
bool isNormalised(Conv2dOp conv) {
  for (Operation *user : conv->getUsers())
    if (normalises(user) || (isa<SliceOp>(user) && llvm::any_of(user->getUsers(), normalises)))
      return true;
  Operation *before = conv.getInput().getDefiningOp();
  if (activationOf(before) != Activation::None)
    before = before->getOperand(0).getDefiningOp();
  return normalises(before);
}

struct CheckDesignRulesPass : resnet::impl::CheckDesignRulesBase<CheckDesignRulesPass> {
  void runOnOperation() override {
    getOperation().walk([&](ResidualOp op) {
      if (op->getParentOfType<ResidualOp>())
        return; // A branch of a block, whose shapes are the block's own affair.
      checkFilters(op);
      checkShortcut(op);
      checkNormalisation(op);
    });
    markAllAnalysesPreserved();
  }

  // The location is the block's name.
  InFlightDiagnostic remark(ResidualOp op, StringRef rule) {
    ++breaches;
    return mlir::emitRemark(op.getLoc()) << "design rule '" << rule << "': ";
  }

  static std::string map(RankedTensorType type) {
    return std::to_string(type.getDimSize(1)) + " channels of " + std::to_string(type.getDimSize(2)) + "x" +
           std::to_string(type.getDimSize(3));
  }

  void checkFilters(ResidualOp op) {
    if (!followsBlock(op))
      return;
    const Maps maps(op);
    if (maps.divides(1)) {
      if (maps.outChannels() != maps.inChannels())
        remark(op, "same-map") << "a block from " << map(maps.in) << " to " << map(maps.out) << "; expected " << maps.inChannels()
                               << " channels";
    } else if (maps.divides(2) && maps.outChannels() != 2 * maps.inChannels()) {
      remark(op, "half-map") << "a block from " << map(maps.in) << " to " << map(maps.out) << "; expected "
                             << 2 * maps.inChannels() << " channels";
    }
  }

  void checkShortcut(ResidualOp op) {
    if (!op.hasIdentityShortcut() && op.getInput().getType() == op.getType())
      remark(op, "identity") << "a shortcut that computes from " << map(op.getType()) << " to the same; expected the identity";
  }

  void checkNormalisation(ResidualOp op) {
    unsigned convolutions = 0, plain = 0;
    op.getBody().walk([&](Conv2dOp conv) {
      // An attention's layers have no normalisation: squeeze-and-excitation's work on one pixel, ECA's on a row of channels.
      if (conv.getType().getDimSize(2) == 1)
        return;
      ++convolutions;
      plain += !isNormalised(conv);
    });
    if (plain)
      remark(op, "normalised") << plain << " of " << convolutions << " convolutions without a normalisation";
  }
};

} // namespace
