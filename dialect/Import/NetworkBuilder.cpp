// Stem, blocks and head, as torchvision and timm order their operations.

#include "dialect/Import/NetworkBuilder.h"

using namespace mlir;
using namespace resnet;

static int64_t channels(Value value) { return cast<RankedTensorType>(value.getType()).getDimSize(1); }

//===--------------------------------------------------------------------===//
// Stem and head
//===--------------------------------------------------------------------===//

Value NetworkBuilder::stem(Value input) {
  const bool pools = architecture.stemPool == StemPool::Convolution;
  Value value = input;
  const size_t count = architecture.stem.size();
  for (auto [i, conv] : llvm::enumerate(architecture.stem)) {
    const bool last = i + 1 == count;
    // As torch.nn.Sequential numbers convolution, normalisation, activation; the last two of a sequence are outside of it.
    auto inSequence = [&](int part) { return "conv1." + std::to_string(3 * i + part); };
    value = convolution(value, count == 1 ? "conv1" : inSequence(0), {conv.width, conv.kernel, conv.stride});
    if (last && architecture.preActivation && !pools)
      break;
    value = normalize(value, last ? "bn1" : inSequence(1));
    value = activate(value, last ? activationName().str() : inSequence(2));
  }
  if (pools) {
    value = convolution(value, "maxpool.0", {architecture.stem.back().width, 3, 2});
    if (architecture.preActivation)
      return value;
    return activate(normalize(value, "maxpool.1"), "maxpool.2");
  }
  if (architecture.stemPool == StemPool::None)
    return value;
  return MaxPool2dOp::create(builder, name("maxpool"), value, ArrayRef<int64_t>{3, 3}, ArrayRef<int64_t>{2, 2},
                             padding(value, 3, 2, 1));
}

Value NetworkBuilder::head(Value input) {
  Value value = input;
  if (architecture.preActivation)
    value = activate(normalize(value, "bn"), activationName());
  value = GlobalAvgPoolOp::create(builder, name("avgpool"), value);
  value = FlattenOp::create(builder, name("flatten"), value);
  const std::string &layer = architecture.classifier;
  Value weight = parameter(layer + ".weight", {architecture.classes, channels(value)}, ParameterRole::LinearWeight);
  Value bias = parameter(layer + ".bias", {architecture.classes}, ParameterRole::LinearBias);
  value = LinearOp::create(builder, name(layer), value, weight, bias);
  return architecture.softmax ? SoftmaxOp::create(builder, name("softmax"), value).getResult() : value;
}

//===--------------------------------------------------------------------===//
// Blocks
//===--------------------------------------------------------------------===//

struct NetworkBuilder::Block {
  std::string prefix;
  const Architecture::Stage &stage;
  int64_t stride, firstDilation, dilation;
  bool last; // of its stage
  bool lastStage;
};

Value NetworkBuilder::stage(Value input, size_t index) {
  const Architecture::Stage &stage = architecture.stages[index];
  const Architecture::StageWindows windows = architecture.stageWindows()[index];
  Value value = input;
  for (int64_t b = 0; b < stage.blocks; ++b) {
    std::string prefix = "layer" + std::to_string(index + 1) + "." + std::to_string(b);
    value =
        block(value, {std::move(prefix), stage, b == 0 ? windows.stride : 1, b == 0 ? windows.firstDilation : windows.dilation,
                      windows.dilation, b + 1 == stage.blocks, index + 1 == architecture.stages.size()});
  }
  return value;
}

auto NetworkBuilder::residualFunction(const Block &block) const -> SmallVector<Convolution, 3> {
  const int64_t output = architecture.outputWidth(block.stage), inner = architecture.innerWidth(block.stage);
  SmallVector<Convolution, 3> convolutions;
  if (architecture.block == BlockKind::Basic) {
    convolutions = {{output, 3, block.stride, block.firstDilation}, {output, 3, 1, block.dilation}};
  } else {
    const int64_t first = architecture.strideOnFirst ? block.stride : 1;
    convolutions = {{inner, 1, first}, {inner, 3, block.stride / first, block.firstDilation, architecture.groups}, {output}};
  }
  // Nothing normalises the end of a pre-activation block, so its filters have the scale.
  if (architecture.preActivation && architecture.shortcut != ShortcutOption::None)
    convolutions.back().role = ParameterRole::ResidualFilter;
  return convolutions;
}

Value NetworkBuilder::block(Value input, const Block &block) {
  const bool before = architecture.preActivation, plain = architecture.shortcut == ShortcutOption::None;
  const SmallVector<Convolution, 3> convolutions = residualFunction(block);
  // Names of repeated modules are counted as exporters do it: relu, relu_1, relu_2.
  auto activation = [&](size_t i) { return (block.prefix + "." + activationName() + (i ? "_" + std::to_string(i) : "")).str(); };
  Value value = input, activated = input;
  for (auto [i, conv] : llvm::enumerate(convolutions)) {
    const std::string number = std::to_string(i + 1), norm = block.prefix + ".bn" + number;
    const bool last = i + 1 == convolutions.size();
    auto normalizeAs = [&](Value value, ParameterRole scale) {
      if (i == 0 && architecture.normalization == NormalizationKind::InstanceBatch && !block.lastStage)
        return instanceBatchNorm(value, norm);
      return normalize(value, norm, scale);
    };
    if (before)
      value = activate(normalizeAs(value, ParameterRole::Scale), activation(i));
    if (i == 0)
      activated = value;
    value = convolution(value, block.prefix + ".conv" + number, conv);
    if (before)
      continue;
    value = normalizeAs(value, last && !plain ? ParameterRole::ResidualScale : ParameterRole::Scale);
    if (!last)
      value = activate(value, activation(i));
  }
  value = attend(value, block.prefix + ".se");
  if (!plain)
    value = AddOp::create(builder, name(block.prefix + ".add"), value, shortcut(input, activated, block, channels(value)));
  return before ? value : activate(value, activation(convolutions.size() - 1));
}

// The projection of a pre-activation block reads what its first convolution reads.
Value NetworkBuilder::shortcut(Value input, Value activated, const Block &block, int64_t filters) {
  const ShortcutOption option = architecture.shortcut;
  const int64_t added = filters - channels(input);
  if (added == 0 && block.stride == 1 && option != ShortcutOption::ProjectionEverywhere)
    return input;
  if (option == ShortcutOption::ZeroPadding)
    return SubsampleOp::create(builder, name(block.prefix + ".shortcut"), input, ArrayRef<int64_t>{block.stride, block.stride},
                               ArrayRef<int64_t>{added / 2, added - added / 2});
  const std::string prefix = block.prefix + ".downsample.";
  Value value = activated;
  int index = 0;
  if (option == ShortcutOption::AveragePool) {
    // As in timm: a stride that has become a dilation leaves an average of the same four pixels, zeros below and to the right.
    const bool strided = block.stride > 1;
    if (strided || block.dilation > 1)
      value = AvgPool2dOp::create(builder, name(prefix + "0"), value, ArrayRef<int64_t>{2, 2},
                                  ArrayRef<int64_t>{block.stride, block.stride},
                                  strided ? ArrayRef<int64_t>{0, 0, 0, 0} : ArrayRef<int64_t>{0, 0, 1, 1},
                                  /*ceil_mode=*/strided, /*count_include_pad=*/!strided);
    index = 1;
  }
  value = convolution(value, prefix + std::to_string(index), {filters, 1, index == 0 ? block.stride : 1});
  return architecture.shortcutNormalization ? normalize(value, prefix + std::to_string(index + 1)) : value;
}
