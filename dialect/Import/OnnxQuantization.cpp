// Quantized models: constants are folded, activations are rounded as their integers would be and stay floats.

#include "dialect/Import/OnnxFolding.h"
#include <cmath>

using namespace mlir;
using namespace resnet;
using Quantization = OnnxGraph::Quantization;

namespace {
// Scale and zero point, one for the tensor or one for each position of an axis.
struct Parameters {
  HostTensor scale, zeroPoint;
  int64_t axis = 0;
  bool perTensor = true;

  // Of element i of a tensor of that shape.
  int64_t position(int64_t i, ArrayRef<int64_t> shape) const {
    return perTensor ? 0 : i / *countElements(shape.drop_front(axis + 1)) % shape[axis];
  }
  float scaleOf(int64_t at) const { return scale.floatAt(at); }
  float zeroOf(int64_t at) const {
    return zeroPoint.holdsIntegers() ? static_cast<float>(zeroPoint.integers[at].value_or(0)) : zeroPoint.floatAt(at);
  }
};
} // namespace

static std::pair<int64_t, int64_t> rangeOf(HostTensor::Kind kind) {
  return kind == HostTensor::Kind::Int8 ? std::pair<int64_t, int64_t>(-128, 127) : std::pair<int64_t, int64_t>(0, 255);
}

// `standard` is the type of a zero point that is not there.
static Parameters readParameters(OnnxNode &node, ArrayRef<int64_t> shape, HostTensor::Kind standard) {
  Parameters result;
  result.scale = node.constant(1);
  const int64_t axis = node.integer("axis", 1);
  if (node.integer("block_size", 0) != 0)
    node.error("expected a scale for the tensor or for each position of an axis, got blocks");
  if (node.failed())
    return result;
  result.zeroPoint = node.hasInput(2) ? node.constant(2) : HostTensor::ofSplat(result.scale.shape, 0, standard);
  result.perTensor = result.scale.count() == 1;
  if (!result.scale.isFloat() || result.scale.shape.size() > 1 || result.zeroPoint.isFloat() ||
      result.zeroPoint.count() != result.scale.count())
    node.error("expected a scale of one number or a list of floats and as many integers as zero point, got shapes " +
               formatShape(result.scale.shape) + " and " + formatShape(result.zeroPoint.shape));
  for (int64_t i = 0; !node.failed() && i < result.scale.count(); ++i)
    if (const float scale = result.scale.floatAt(i); !(scale > 0) || !std::isfinite(scale))
      node.error("expected positive, finite scales, got " + Twine(std::to_string(scale)) + " at position " + Twine(i));
  if (node.failed() || result.perTensor)
    return result;
  result.axis = normalizeAxis(node, axis, shape.size());
  if (!node.failed() && result.scale.count() != shape[result.axis])
    node.error("expected " + Twine(shape[result.axis]) + " scales, one for each position of axis " + Twine(result.axis) +
               ", got " + Twine(result.scale.count()));
  return result;
}

// Each element by a function of its value and parameters.
static void fold(OnnxNode &node, const HostTensor &tensor, const Parameters &parameters, HostTensor::Kind kind,
                 function_ref<float(float x, float scale, float zero)> function) {
  const int64_t count = tensor.count();
  std::shared_ptr<float> data = node.reserve(count) ? allocateFloats(count) : nullptr;
  if (!data)
    return node.error("cannot allocate " + Twine(count) + " elements");
  for (int64_t i = 0; i < count; ++i) {
    if (tensor.holdsIntegers() && !tensor.integers[i])
      return node.error("expected quantized weights, got shape arithmetic that depends on the dynamic batch");
    const float x = tensor.holdsIntegers() ? static_cast<float>(*tensor.integers[i]) : tensor.floatAt(i);
    const int64_t at = parameters.position(i, tensor.shape);
    data.get()[i] = function(x, parameters.scaleOf(at), parameters.zeroOf(at));
  }
  node.result(HostTensor::ofFloats(tensor.shape, std::move(data), kind));
}

static Quantization quantizationOf(const Parameters &parameters) {
  return {parameters.scaleOf(0), static_cast<int64_t>(parameters.zeroOf(0)), parameters.zeroPoint.kind};
}

static void importQuantizeLinear(OnnxNode &node) {
  node.expectInputs(2, 3);
  node.ignore({"saturate"}); // of 8-bit floats, which are refused
  const int64_t type = node.integer("output_dtype", 0);
  const SmallVector<int64_t> shape = node.shape(0);
  const HostTensor::Kind standard = type == onnx::TensorProto::INT8 ? HostTensor::Kind::Int8 : HostTensor::Kind::UInt8;
  const Parameters parameters = readParameters(node, shape, standard);
  const bool constant = node.isConstant(0);
  if (!node.failed() &&
      (parameters.zeroPoint.holdsIntegers() || (type && type != onnx::TensorProto::INT8 && type != onnx::TensorProto::UINT8)))
    node.error("expected a quantized type INT8 or UINT8, got another one");
  if (node.failed())
    return;
  const auto [lo, hi] = rangeOf(parameters.zeroPoint.kind);
  if (constant) {
    const HostTensor tensor = node.constant(0);
    if (!tensor.isFloat())
      return node.error("expected floats to quantize");
    const float least = lo, most = hi;
    return fold(node, tensor, parameters, parameters.zeroPoint.kind,
                [=](float x, float scale, float zero) { return std::clamp(std::nearbyint(x / scale) + zero, least, most); });
  }
  const OnnxActivation input = node.activation(0);
  if (!node.failed() && !parameters.perTensor)
    node.error("expected one scale for the activation, got " + Twine(parameters.scale.count()));
  if (node.failed())
    return;
  const Quantization quantization = quantizationOf(parameters);
  Value rounded =
      node.create<FakeQuantizeOp>(input.value, APFloat(quantization.scale), quantization.zeroPoint, ArrayRef<int64_t>{lo, hi});
  ++node.graph.numFakeQuantized;
  if (rounded)
    node.result(OnnxActivation{rounded, input.shape, quantization});
}

static void importDequantizeLinear(OnnxNode &node) {
  node.expectInputs(2, 3);
  const bool constant = node.isConstant(0);
  if (node.failed())
    return;
  const OnnxActivation input = constant ? OnnxActivation() : node.activation(0, /*carried=*/true);
  const HostTensor tensor = constant ? node.constant(0) : HostTensor();
  const HostTensor::Kind kind = constant ? tensor.kind : input.quantized ? input.quantized->kind : HostTensor::Kind::UInt8;
  const Parameters parameters = readParameters(node, node.shape(0), kind);
  if (node.failed())
    return;
  if (constant && tensor.isFloat())
    return node.error("expected quantized weights '" + node.inputName(0) + "', got floats");
  if (constant)
    return fold(node, tensor, parameters, HostTensor::Kind::Float,
                [](float x, float scale, float zero) { return (x - zero) * scale; });
  if (!input.quantized)
    return node.error("expected an activation that QuantizeLinear made, got floats");
  if (!parameters.perTensor || quantizationOf(parameters) != *input.quantized)
    return node.error("expected the scale and zero point of the QuantizeLinear before, " +
                      Twine(std::to_string(input.quantized->scale)) + " and " + Twine(input.quantized->zeroPoint) + ", got " +
                      Twine(std::to_string(parameters.scaleOf(0))) + " and " + Twine(std::to_string(parameters.zeroOf(0))));
  node.result(OnnxActivation{input.value, input.shape});
}

void resnet::addQuantizationTranslations(OnnxTranslations &table) {
  table["QuantizeLinear"] = {importQuantizeLinear, OnnxOperands::Both};
  table["DequantizeLinear"] = {importDequantizeLinear, OnnxOperands::Both};
}
