// The layers of which NetworkBuilder.cpp makes blocks: convolutions, normalisations, activations, attention.

#include "dialect/IR/Activations.h"
#include "dialect/IR/Geometry.h"
#include "dialect/Import/NetworkBuilder.h"

using namespace mlir;
using namespace resnet;

static RankedTensorType mapType(Value value) { return cast<RankedTensorType>(value.getType()); }
static int64_t channels(Value value) { return mapType(value).getDimSize(1); }

Value NetworkBuilder::parameter(const Twine &text, ArrayRef<int64_t> shape, ParameterRole role) {
  std::string parameterName = text.str();
  HostTensor tensor = source.get(parameterName, shape, role);
  Value value = ConstantOp::create(builder, name(parameterName), tensor.toAttribute(builder.getContext(), parameterName));
  parameters[value] = std::move(tensor);
  return value;
}

//===--------------------------------------------------------------------===//
// Convolution
//===--------------------------------------------------------------------===//

SmallVector<int64_t, 4> NetworkBuilder::padding(Value input, int64_t kernel, int64_t stride, int64_t dilation) const {
  if (!architecture.samePadding)
    return SmallVector<int64_t, 4>(4, dilation * (kernel - 1) / 2);
  SmallVector<int64_t, 4> result(4);
  for (int i = 0; i < 2; ++i) {
    const int64_t total = totalSamePadding(mapType(input).getDimSize(2 + i), kernel, stride, dilation);
    result[i] = total / 2;
    result[2 + i] = total - total / 2;
  }
  return result;
}

Value NetworkBuilder::convolution(Value input, const Twine &convName, const Convolution &conv) {
  Value filter =
      parameter(convName + ".weight", {conv.filters, channels(input) / conv.groups, conv.kernel, conv.kernel}, conv.role);
  Value bias;
  if (architecture.convolutionBias)
    bias = parameter(convName + ".bias", {conv.filters}, ParameterRole::Offset);
  SmallVector<int64_t> strides(2, conv.stride), dilations(2, conv.kernel == 1 ? 1 : conv.dilation);
  return Conv2dOp::create(builder, name(convName), input, filter, bias, strides,
                          padding(input, conv.kernel, conv.stride, conv.dilation), dilations, conv.groups);
}

//===--------------------------------------------------------------------===//
// Normalisation and activation
//===--------------------------------------------------------------------===//

Value NetworkBuilder::normalize(Value input, const Twine &normName, ParameterRole scale) {
  if (architecture.normalization == NormalizationKind::Group)
    return groupNorm(input, normName, architecture.normalizationGroups, scale);
  return batchNorm(input, normName, scale);
}

Value NetworkBuilder::batchNorm(Value input, const Twine &normName, ParameterRole scaleRole) {
  // Each layer of a plain network amplifies small changes, and so the rounding of f32; see generateParameters.
  const ParameterRole offsetRole =
      architecture.shortcut == ShortcutOption::None ? ParameterRole::PlainOffset : ParameterRole::Offset;
  const int64_t count = channels(input);
  Value scale = parameter(normName + ".weight", {count}, scaleRole);
  Value offset = parameter(normName + ".bias", {count}, offsetRole);
  Value mean = parameter(normName + ".running_mean", {count}, ParameterRole::Mean);
  Value variance = parameter(normName + ".running_var", {count}, ParameterRole::Variance);
  return BatchNormOp::create(builder, name(normName), input, scale, offset, mean, variance, llvm::APFloat(architecture.epsilon));
}

Value NetworkBuilder::groupNorm(Value input, const Twine &normName, int64_t groups, ParameterRole scaleRole) {
  Value scale = parameter(normName + ".weight", {channels(input)}, scaleRole);
  Value offset = parameter(normName + ".bias", {channels(input)}, ParameterRole::Offset);
  return GroupNormOp::create(builder, name(normName), input, scale, offset, static_cast<uint64_t>(groups),
                             llvm::APFloat(architecture.epsilon));
}

Value NetworkBuilder::instanceBatchNorm(Value input, const Twine &normName) {
  const int64_t count = channels(input), half = count / 2;
  RankedTensorType type = mapType(input);
  auto range = [&](const char *part, int64_t offset, int64_t size) {
    return SliceOp::create(builder, name(normName + part), input, ArrayRef<int64_t>{offset, 0, 0},
                           ArrayRef<int64_t>{size, type.getDimSize(2), type.getDimSize(3)}, ArrayRef<int64_t>{1, 1, 1});
  };
  Value first = groupNorm(range(".split", 0, half), normName + ".IN", /*groups=*/half, ParameterRole::Scale);
  Value second = batchNorm(range(".split_1", half, count - half), normName + ".BN", ParameterRole::Scale);
  return ConcatOp::create(builder, name(normName + ".concat"), ValueRange{first, second});
}

Value NetworkBuilder::activate(Value input, const Twine &text) {
  return createActivation(builder, name(text), architecture.activation, input);
}

//===--------------------------------------------------------------------===//
// Attention
//===--------------------------------------------------------------------===//

Value NetworkBuilder::attend(Value input, const Twine &prefix) {
  if (architecture.attention.kind == AttentionKind::None)
    return input;
  Value mean = GlobalAvgPoolOp::create(builder, name(prefix + ".pool"), input);
  Value gate = architecture.attention.kind == AttentionKind::SqueezeExcitation ? squeezeExcitation(mean, prefix)
                                                                               : efficientChannel(mean, prefix);
  gate = createActivation(builder, name(prefix + ".gate"), architecture.attention.gate, gate);
  return MulOp::create(builder, name(prefix + ".mul"), input, gate);
}

Value NetworkBuilder::squeezeExcitation(Value mean, const Twine &prefix) {
  const int64_t count = channels(mean), squeezed = architecture.attention.squeezedChannels(count);
  auto layer = [&](Value input, const Twine &layerName, int64_t filters) -> Value {
    Value filter = parameter(layerName + ".weight", {filters, channels(input), 1, 1}, ParameterRole::LinearWeight), bias;
    if (architecture.attention.bias)
      bias = parameter(layerName + ".bias", {filters}, ParameterRole::LinearBias);
    return Conv2dOp::create(builder, name(layerName), input, filter, bias);
  };
  Value value = layer(mean, prefix + ".fc1", squeezed);
  value = ReluOp::create(builder, name(prefix + ".relu"), value);
  return layer(value, prefix + ".fc2", count);
}

Value NetworkBuilder::efficientChannel(Value mean, const Twine &prefix) {
  const int64_t count = channels(mean), kernel = architecture.attention.channelKernel(count);
  Value filter = parameter(prefix + ".conv.weight", {1, 1, 1, kernel}, ParameterRole::LinearWeight);
  Value row = ReshapeOp::create(builder, name(prefix + ".view"), mean, ArrayRef<int64_t>{1, 1, count});
  row = Conv2dOp::create(builder, name(prefix + ".conv"), row, filter, Value(), ArrayRef<int64_t>{1, 1},
                         ArrayRef<int64_t>{0, kernel / 2, 0, kernel / 2});
  return ReshapeOp::create(builder, name(prefix + ".view_1"), row, ArrayRef<int64_t>{count, 1, 1});
}
