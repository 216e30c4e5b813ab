// Activation functions: of each element by itself, so of an activation in any shape.

#include "dialect/Import/OnnxNode.h"
#include <limits>

using namespace mlir;
using namespace resnet;

template <typename OpTy, typename... Args> static void importUnary(OnnxNode &node, Args... attributes) {
  const OnnxActivation input = node.activation(0);
  if (node.failed())
    return;
  if (Value result = node.create<OpTy>(input.value, attributes...))
    node.result(OnnxActivation{result, input.shape});
}

template <typename OpTy> static void importPlain(OnnxNode &node) {
  node.expectInputs(1, 1);
  importUnary<OpTy>(node);
}

static void importHardSigmoid(OnnxNode &node) {
  node.expectInputs(1, 1);
  const float slope = node.real("alpha", 0.2f), offset = node.real("beta", 0.5f);
  importUnary<HardSigmoidOp>(node, APFloat(slope), APFloat(offset));
}

// A bound: an attribute up to opset 10, a constant operand from 11 on.
static float clipBound(OnnxNode &node, size_t at, StringRef name, float standard) {
  if (node.opset() < 11)
    return node.real(name, standard);
  if (!node.hasInput(at))
    return standard;
  const HostTensor bound = node.constant(at);
  if (!node.failed() && (!bound.isFloat() || bound.count() != 1))
    node.error("expected " + name + " to be one number, got '" + node.inputName(at) + "' of shape " + formatShape(bound.shape));
  return node.failed() ? standard : bound.floatAt(0);
}

static void importClip(OnnxNode &node) {
  node.expectInputs(1, node.opset() < 11 ? 1 : 3);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float least = clipBound(node, 1, "min", -kInfinity), most = clipBound(node, 2, "max", kInfinity);
  importUnary<ClipOp>(node, APFloat(least), APFloat(most));
}

void resnet::addActivationTranslations(OnnxTranslations &table) {
  table["Relu"] = {importPlain<ReluOp>};
  table["Sigmoid"] = {importPlain<SigmoidOp>};
  table["HardSwish"] = {importPlain<HardSwishOp>};
  table["HardSigmoid"] = {importHardSigmoid};
  table["Clip"] = {importClip};
}
