// Normalisations: by running statistics, and by those of an image's channels.

#include "dialect/Import/OnnxNode.h"

using namespace mlir;
using namespace resnet;

static void importBatchNormalization(OnnxNode &node) {
  node.expectInputs(5, 5);
  const OnnxActivation input = node.activation(0);
  Value scale = node.weight(1, 1), offset = node.weight(2, 1), mean = node.weight(3, 1), variance = node.weight(4, 1);
  const float epsilon = node.real("epsilon", 1e-5f);
  node.ignore({"momentum", "consumed_inputs"});
  bool training = node.integer("training_mode", 0) != 0 || (node.opset() < 7 && node.integer("is_test", 0) == 0);
  for (size_t i = 1; i < node.numOutputs(); ++i)
    training |= node.hasOutput(i);
  if (training)
    node.error("expected inference (one result, training_mode 0), got a model that was exported for training");
  if (node.opset() < 9 && node.integer("spatial", 1) == 0)
    node.error("expected statistics of each channel (spatial 1), got spatial 0");
  const HostTensor variances = node.constant(4);
  for (int64_t i = 0; !node.failed() && i < variances.count(); ++i)
    if (!(variances.floatAt(i) + epsilon > 0))
      node.error("expected variances whose sum with epsilon is positive, got " + Twine(std::to_string(variances.floatAt(i))) +
                 " at position " + Twine(i));
  if (!node.failed() && (input.shape.size() < 2 || input.shape.size() > 4))
    node.error("expected an input of rank 2 to 4, got shape " + formatShape(input.shape));
  Value value = node.withChannels(input);
  if (Value result = node.create<BatchNormOp>(value, scale, offset, mean, variance, APFloat(epsilon)))
    node.result(OnnxActivation{result, input.shape});
}

// One element a channel from one a group.
static HostTensor perChannel(OnnxNode &node, size_t i, int64_t groups, int64_t channels) {
  const HostTensor given = node.constant(i);
  if (!node.failed() && (!given.isFloat() || given.shape.size() != 1 || (given.count() != groups && given.count() != channels)))
    node.error("expected '" + node.inputName(i) + "' of " + Twine(groups) + " numbers, got shape " + formatShape(given.shape));
  if (node.failed() || given.count() == channels)
    return given;
  if (!given.floats)
    return HostTensor::ofSplat({channels}, given.splat);
  std::shared_ptr<float> data = node.reserve(channels) ? allocateFloats(channels) : nullptr;
  if (!data) {
    node.error("cannot allocate " + Twine(channels) + " elements");
    return given;
  }
  for (int64_t c = 0; c < channels; ++c)
    data.get()[c] = given.floatAt(c / (channels / groups));
  return HostTensor::ofFloats({channels}, std::move(data));
}

static void createGroupNorm(OnnxNode &node, const OnnxActivation &input, Value map, int64_t groups) {
  const int64_t channels = node.failed() ? 1 : shapeOf(map)[1];
  const float epsilon = node.real("epsilon", 1e-5f);
  const HostTensor scale = perChannel(node, 1, groups, channels), offset = perChannel(node, 2, groups, channels);
  if (node.failed())
    return;
  auto vector = [&](const HostTensor &tensor, size_t i) {
    return node.weight(tensor, node.inputName(i), /*shared=*/tensor.count() == node.constant(i).count());
  };
  Value scales = vector(scale, 1), offsets = vector(offset, 2);
  if (Value result = node.create<GroupNormOp>(map, scales, offsets, groups, APFloat(epsilon)))
    node.result(OnnxActivation{result, input.shape});
}

// On [N, G, L] that a reshape made of [N, C, H, W] this is group normalisation, as torch exports it; else each channel is a
// group.
static void importInstanceNormalization(OnnxNode &node) {
  node.expectInputs(3, 3);
  node.ignore({"consumed_inputs"});
  const OnnxActivation input = node.activation(0);
  if (!node.failed() && input.shape.size() < 3)
    node.error("expected an input of rank 3 or 4, got shape " + formatShape(input.shape));
  if (node.failed())
    return;
  const int64_t groups = input.shape[1];
  ArrayRef<int64_t> present = shapeOf(input.value);
  const bool grouped = present.size() == 4 && present[0] == input.shape[0] && present[1] % groups == 0;
  if (!grouped && input.shape.size() > 4)
    return node.error("expected an input of rank 3 or 4, got shape " + formatShape(input.shape));
  createGroupNorm(node, input, grouped ? input.value : node.reshaped(input, mapShape(input.shape)), groups);
}

// Scale and offset are a group's up to opset 20, a channel's from 21 on.
static void importGroupNormalization(OnnxNode &node) {
  node.expectInputs(3, 3);
  node.ignore({"stash_type"}); // the precision of the statistics; ours is never below
  const OnnxActivation input = node.activation(0);
  const Value map = node.map(0);
  const int64_t groups = node.integer("num_groups", 0);
  if (!node.failed() && (groups < 1 || input.shape[1] % groups != 0))
    node.error("expected num_groups that divides " + Twine(input.shape[1]) + " channels, got " + Twine(groups));
  const int64_t expected = node.opset() < 21 ? groups : node.failed() ? 1 : input.shape[1];
  for (size_t i : {1, 2})
    if (const HostTensor given = node.constant(i); !node.failed() && given.count() != expected)
      node.error("expected '" + node.inputName(i) + "' of " + Twine(expected) + " numbers, got shape " +
                 formatShape(given.shape));
  createGroupNorm(node, input, map, groups);
}

void resnet::addNormalizationTranslations(OnnxTranslations &table) {
  table["BatchNormalization"] = {importBatchNormalization};
  table["InstanceNormalization"] = {importInstanceNormalization};
  table["GroupNormalization"] = {importGroupNormalization};
}
