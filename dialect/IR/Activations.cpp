// Both directions between the enumeration of fused activations and the operations.

#include "dialect/IR/Activations.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace resnet;

constexpr float kSlope = 1.0f / 6.0f, kOffset = 0.5f; // of the hard_sigmoid that has a name

Activation resnet::activationOf(Operation *op) {
  if (!op)
    return Activation::None;
  return llvm::TypeSwitch<Operation *, Activation>(op)
      .Case([](ReluOp) { return Activation::Relu; })
      .Case([](SigmoidOp) { return Activation::Sigmoid; })
      .Case([](SiluOp) { return Activation::Silu; })
      .Case([](HardSwishOp) { return Activation::HardSwish; })
      .Case([](ClipOp clip) {
        return clip.getMin().isZero() && clip.getMax() == APFloat(6.0f) ? Activation::Relu6 : Activation::None;
      })
      .Case([](HardSigmoidOp hard) {
        const bool named = hard.getSlope() == APFloat(kSlope) && hard.getOffset() == APFloat(kOffset);
        return named ? Activation::HardSigmoid : Activation::None;
      })
      .Default(Activation::None);
}

Value resnet::createActivation(OpBuilder &builder, Location loc, Activation activation, Value input) {
  Type type = input.getType();
  switch (activation) {
  case Activation::None:
    return input;
  case Activation::Relu:
    return ReluOp::create(builder, loc, type, input);
  case Activation::Relu6:
    return ClipOp::create(builder, loc, type, input, APFloat(0.0f), APFloat(6.0f));
  case Activation::Sigmoid:
    return SigmoidOp::create(builder, loc, type, input);
  case Activation::Silu:
    return SiluOp::create(builder, loc, type, input);
  case Activation::HardSigmoid:
    return HardSigmoidOp::create(builder, loc, type, input, APFloat(kSlope), APFloat(kOffset));
  case Activation::HardSwish:
    return HardSwishOp::create(builder, loc, type, input);
  }
  llvm_unreachable("every activation has an operation");
}
