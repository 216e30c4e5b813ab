// Operators that make constants, and those that pass their operand through at inference.

#include "dialect/Import/OnnxNode.h"
#include <cmath>

using namespace mlir;
using namespace resnet;
using onnx::TensorProto;

static void importConstant(OnnxNode &node) {
  node.expectInputs(0, 0);
  if (node.has("value"))
    return node.result(node.tensor("value"));
  if (node.has("value_int"))
    return node.result(HostTensor::ofIntegers({}, {node.integer("value_int", 0)}));
  if (node.has("value_ints"))
    return node.result(HostTensor::ofIntegers(node.integers("value_ints")));
  if (node.has("value_float"))
    return node.result(HostTensor::ofSplat({}, node.real("value_float", 0)));
  if (!node.has("value_floats"))
    return node.error("expected an attribute value, value_int, value_ints, value_float or value_floats");
  SmallVector<float> values = node.reals("value_floats");
  std::shared_ptr<float> data = allocateFloats(values.size());
  if (!data)
    return node.error("cannot allocate " + Twine(values.size()) + " elements");
  llvm::copy(values, data.get());
  node.result(HostTensor::ofFloats({static_cast<int64_t>(values.size())}, std::move(data)));
}

// Floats stay a splat and take no memory, but what reads them later expands them: no weight of an image network is larger.
static constexpr int64_t kMostFilled = int64_t(1) << 28;

static void importConstantOfShape(OnnxNode &node) {
  node.expectInputs(1, 1);
  SmallVector<int64_t> shape = node.integerInput(0);
  HostTensor value = node.has("value") ? node.tensor("value") : HostTensor::ofSplat({}, 0);
  std::optional<int64_t> count = countElements(shape);
  if (node.failed())
    return;
  if (value.count() != 1)
    return node.error("expected a value of one element, got shape " + formatShape(value.shape));
  if (shape.size() > 8 || !count || *count > kMostFilled)
    return node.error("expected at most " + Twine(kMostFilled) + " elements, got shape " + formatShape(shape));
  if (!value.holdsIntegers())
    return node.result(HostTensor::ofSplat(shape, value.floatAt(0), value.kind));
  if (node.reserve(*count))
    node.result(HostTensor::ofIntegers(shape, std::vector<HostTensor::Integer>(*count, value.integers[0])));
}

static void importRange(OnnxNode &node) {
  node.expectInputs(3, 3);
  SmallVector<int64_t> bounds;
  for (size_t i = 0; i < 3 && !node.failed(); ++i)
    for (int64_t bound : node.integerInput(i))
      bounds.push_back(bound);
  if (node.failed())
    return;
  constexpr int64_t kMost = 1 << 16;
  if (bounds.size() != 3 || bounds[2] == 0 || llvm::any_of(bounds, [](int64_t b) { return b < -kMost || b > kMost; }))
    return node.error("expected three integers from " + Twine(-kMost) + " to " + Twine(kMost) + ", the step not 0");
  SmallVector<int64_t> elements;
  for (int64_t x = bounds[0]; bounds[2] > 0 ? x < bounds[1] : x > bounds[1]; x += bounds[2])
    elements.push_back(x);
  if (node.reserve(elements.size()))
    node.result(HostTensor::ofIntegers(elements));
}

static bool isIntegerType(int64_t type) {
  return llvm::is_contained({TensorProto::INT64, TensorProto::INT32, TensorProto::INT8, TensorProto::UINT8, TensorProto::BOOL},
                            static_cast<int>(type));
}

static void importCast(OnnxNode &node) {
  node.expectInputs(1, 1);
  const int64_t to = node.integer("to", 0);
  node.ignore({"saturate"}); // of 8-bit floats, which are refused
  const bool toFloat = to == TensorProto::FLOAT || to == TensorProto::DOUBLE;
  const bool constant = node.isConstant(0);
  if (!node.failed() && !(constant ? toFloat || isIntegerType(to) : to == TensorProto::FLOAT))
    node.error("expected a cast to " + Twine(constant ? "FLOAT or INT64" : "FLOAT") + ", got " + elementTypeName(to));
  if (node.failed())
    return;
  if (!constant)
    return node.result(node.activation(0));
  HostTensor tensor = node.constant(0);
  if (!tensor.isFloat() && !tensor.holdsIntegers()) // quantized: whole numbers already
    tensor.kind = HostTensor::Kind::Float;
  if (tensor.isFloat() == toFloat)
    return node.result(std::move(tensor));
  if (!node.reserve(tensor.count()))
    return;
  if (!toFloat) {
    std::vector<HostTensor::Integer> elements;
    for (int64_t i = 0, n = tensor.count(); i < n; ++i) {
      const float x = std::trunc(tensor.floatAt(i));
      if (!(std::abs(x) < 9e18f))
        return node.error("expected numbers that integers can hold, got " + Twine(std::to_string(x)));
      elements.push_back(static_cast<int64_t>(x));
    }
    return node.result(HostTensor::ofIntegers(tensor.shape, std::move(elements)));
  }
  std::shared_ptr<float> data = allocateFloats(tensor.count());
  if (!data)
    return node.error("cannot allocate " + Twine(tensor.count()) + " elements");
  for (auto [i, element] : llvm::enumerate(tensor.integers)) {
    if (!element)
      return node.error("expected arithmetic that does not depend on the dynamic batch");
    data.get()[i] = static_cast<float>(*element);
  }
  node.result(HostTensor::ofFloats(tensor.shape, std::move(data)));
}

static void importIdentity(OnnxNode &node) {
  node.expectInputs(1, 1);
  const bool constant = node.isConstant(0);
  if (!node.failed())
    constant ? node.result(node.constant(0)) : node.result(node.activation(0, /*carried=*/true));
}

static void importDropout(OnnxNode &node) {
  node.expectInputs(1, 3);
  float ratio = node.real("ratio", 0.5f);
  if (node.hasInput(1)) {
    const HostTensor given = node.constant(1);
    if (!node.failed() && (!given.isFloat() || given.count() != 1))
      node.error("expected one number as the ratio, got shape " + formatShape(given.shape));
    ratio = node.failed() ? 0 : given.floatAt(0);
  }
  if (node.hasInput(2))
    for (int64_t training : node.integerInput(2))
      if (training)
        node.error("expected inference, got training_mode 1");
  if (node.opset() < 7 && node.integer("is_test", 0) == 0)
    node.error("expected inference, got is_test 0");
  node.ignore({"seed"});
  const OnnxActivation input = node.activation(0);
  if (node.failed())
    return;
  if (Value result = node.create<DropoutOp>(input.value, APFloat(ratio)))
    node.result(OnnxActivation{result, input.shape});
}

void resnet::addConstantTranslations(OnnxTranslations &table) {
  table["Constant"] = {importConstant, OnnxOperands::Constants};
  table["ConstantOfShape"] = {importConstantOfShape, OnnxOperands::Constants};
  table["Range"] = {importRange, OnnxOperands::Constants};
  table["Cast"] = {importCast, OnnxOperands::Both};
  table["Identity"] = {importIdentity, OnnxOperands::Both};
  table["Dropout"] = {importDropout};
}
