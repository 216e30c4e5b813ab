// Builds an architecture of the table, block by block, with torchvision's names as locations.

#include "dialect/IR/ResNetDialect.h"
#include "dialect/Import/Architectures.h"
#include "dialect/Import/Parameters.h"
#include "dialect/Import/RunningStatistics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace resnet;

namespace {

class ArchitectureBuilder {
public:
  ArchitectureBuilder(const Architecture &architecture, ParameterSource &source, MLIRContext *context)
      : architecture(architecture), source(source), builder(context) {}

  OwningOpRef<ModuleOp> build(RankedTensorType input);
  func::FuncOp function;
  ParameterValues parameters;

private:
  Location name(const Twine &text) { return NameLoc::get(builder.getStringAttr(text)); }
  Value parameter(const Twine &name, ArrayRef<int64_t> shape, ParameterRole role);
  static int64_t channels(Value value) { return cast<RankedTensorType>(value.getType()).getDimSize(1); }

  /// A convolution that keeps the map at stride 1, and its normalisation.
  Value convNorm(Value input, const Twine &convName, const Twine &normName, int64_t filters, int64_t kernel, int64_t stride,
                 ParameterRole scaleRole = ParameterRole::Scale);
  Value stem(Value input);
  Value block(Value input, const Twine &prefix, int64_t width, int64_t stride);
  Value shortcut(Value input, const Twine &prefix, int64_t filters, int64_t stride);

  const Architecture &architecture;
  ParameterSource &source;
  OpBuilder builder;
};

} // namespace

Value ArchitectureBuilder::parameter(const Twine &text, ArrayRef<int64_t> shape, ParameterRole role) {
  std::string parameterName = text.str();
  HostTensor tensor = source.get(parameterName, shape, role);
  Value value = ConstantOp::create(builder, name(parameterName), tensor.toAttribute(builder.getContext(), parameterName));
  parameters[value] = std::move(tensor);
  return value;
}

Value ArchitectureBuilder::convNorm(Value input, const Twine &convName, const Twine &normName, int64_t filters, int64_t kernel,
                                    int64_t stride, ParameterRole scaleRole) {
  Value filter = parameter(convName + ".weight", {filters, channels(input), kernel, kernel}, ParameterRole::Filter);
  SmallVector<int64_t> strides(2, stride), padding(4, kernel / 2);
  Value conv = Conv2dOp::create(builder, name(convName), input, filter, Value(), strides, padding);
  Value scale = parameter(normName + ".weight", {filters}, scaleRole);
  Value offset = parameter(normName + ".bias", {filters}, ParameterRole::Offset);
  Value mean = parameter(normName + ".running_mean", {filters}, ParameterRole::Mean);
  Value variance = parameter(normName + ".running_var", {filters}, ParameterRole::Variance);
  return BatchNormOp::create(builder, name(normName), conv, scale, offset, mean, variance, llvm::APFloat(1e-5f));
}

Value ArchitectureBuilder::stem(Value input) {
  const bool imageNet = architecture.stem == StemKind::ImageNet;
  const int64_t width = architecture.stages.front().width;
  Value value = convNorm(input, "conv1", "bn1", width, imageNet ? 7 : 3, imageNet ? 2 : 1);
  value = ReluOp::create(builder, name("relu"), value);
  if (!imageNet)
    return value;
  return MaxPool2dOp::create(builder, name("maxpool"), value, ArrayRef<int64_t>{3, 3}, ArrayRef<int64_t>{2, 2},
                             ArrayRef<int64_t>{1, 1, 1, 1});
}

Value ArchitectureBuilder::shortcut(Value input, const Twine &prefix, int64_t filters, int64_t stride) {
  const int64_t added = filters - channels(input);
  if (added == 0 && stride == 1)
    return input;
  if (architecture.shortcut == ShortcutKind::Projection)
    return convNorm(input, prefix + ".downsample.0", prefix + ".downsample.1", filters, 1, stride);
  return SubsampleOp::create(builder, name(prefix + ".shortcut"), input, ArrayRef<int64_t>{stride, stride},
                             ArrayRef<int64_t>{added / 2, added - added / 2});
}

Value ArchitectureBuilder::block(Value input, const Twine &prefix, int64_t width, int64_t stride) {
  const bool bottleneck = architecture.block == BlockKind::Bottleneck;
  // {kernel, stride, filters} of F's convolutions: v1.5 has the bottleneck's stride on the 3x3.
  SmallVector<std::array<int64_t, 3>> convolutions;
  if (bottleneck)
    convolutions = {{1, 1, width}, {3, stride, width}, {1, 1, 4 * width}};
  else
    convolutions = {{3, stride, width}, {3, 1, width}};
  // Names of repeated modules are counted as exporters do it: relu, relu_1, relu_2.
  auto reluName = [&](size_t i) { return (prefix + ".relu" + (i ? "_" + std::to_string(i) : "")).str(); };
  Value value = input;
  for (auto [i, conv] : llvm::enumerate(convolutions)) {
    const std::string number = std::to_string(i + 1);
    const bool last = i + 1 == convolutions.size();
    value = convNorm(value, prefix + ".conv" + number, prefix + ".bn" + number, conv[2], conv[0], conv[1],
                     last ? ParameterRole::ResidualScale : ParameterRole::Scale);
    if (!last)
      value = ReluOp::create(builder, name(reluName(i)), value);
  }
  Value other = shortcut(input, prefix, channels(value), stride);
  value = AddOp::create(builder, name(prefix + ".add"), value, other);
  return ReluOp::create(builder, name(reluName(convolutions.size() - 1)), value);
}

OwningOpRef<ModuleOp> ArchitectureBuilder::build(RankedTensorType input) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  const int64_t classes = architecture.classes;
  auto output = RankedTensorType::get({input.getDimSize(0), classes}, input.getElementType());
  function = func::FuncOp::create(builder, builder.getUnknownLoc(), "main", builder.getFunctionType({input}, {output}));
  function.setArgAttr(0, "resnet.name", builder.getStringAttr("input"));
  function.setResultAttr(0, "resnet.name", builder.getStringAttr("logits"));
  Block *body = builder.createBlock(&function.getBody());

  Value value = stem(body->addArgument(input, name("input")));
  for (auto [s, stage] : llvm::enumerate(architecture.stages))
    for (int64_t b = 0; b < stage.blocks; ++b) {
      const std::string prefix = "layer" + std::to_string(s + 1) + "." + std::to_string(b);
      value = block(value, prefix, stage.width, s > 0 && b == 0 ? 2 : 1);
    }
  value = GlobalAvgPoolOp::create(builder, name("avgpool"), value);
  value = FlattenOp::create(builder, name("flatten"), value);
  const std::string &head = architecture.classifier;
  Value weight = parameter(head + ".weight", {classes, channels(value)}, ParameterRole::LinearWeight);
  Value bias = parameter(head + ".bias", {classes}, ParameterRole::LinearBias);
  value = LinearOp::create(builder, name(head), value, weight, bias);
  func::ReturnOp::create(builder, builder.getUnknownLoc(), value);
  return module;
}

//===--------------------------------------------------------------------===//
// Options
//===--------------------------------------------------------------------===//

static FailureOr<RankedTensorType> inputType(const Architecture &architecture, const ArchitectureOptions &options,
                                             MLIRContext *context) {
  SmallVector<int64_t> shape{ShapedType::kDynamic, 3, architecture.imageSize, architecture.imageSize};
  Location loc = NameLoc::get(StringAttr::get(context, architecture.name));
  for (const InputShape &given : options.shapes) {
    if (!given.name.empty() && given.name != "input")
      return emitError(loc) << "expected --shape to name the input 'input', got '" << given.name << "'";
    if (given.dims.size() != 4 || given.dims[1] != 3)
      return emitError(loc) << "expected --shape [N, 3, H, W], got " << formatShape(given.dims);
    std::optional<int64_t> count = countElements(ArrayRef(given.dims).drop_front());
    if (!count || *count > int64_t(1) << 28)
      return emitError(loc) << "expected at most 2^28 elements an image, got " << formatShape(given.dims);
    shape = given.dims;
  }
  return RankedTensorType::get(shape, Float32Type::get(context));
}

OwningOpRef<ModuleOp> resnet::buildArchitecture(const Architecture &architecture, const ArchitectureOptions &options,
                                                MLIRContext *context) {
  context->loadDialect<ResNetDialect, func::FuncDialect>();
  FailureOr<RankedTensorType> input = inputType(architecture, options, context);
  if (failed(input))
    return nullptr;
  const bool generated = options.weights.empty();
  auto fail = [&](llvm::Error error) {
    StringRef place = generated ? StringRef(architecture.name) : StringRef(options.weights);
    emitError(FileLineColLoc::get(context, place, 0, 0)) << toString(std::move(error));
    return nullptr;
  };
  std::unique_ptr<ParameterSource> source;
  if (generated) {
    source = generateParameters(options.seed);
  } else {
    llvm::Expected<std::unique_ptr<ParameterSource>> file = readSafetensors(options.weights);
    if (!file)
      return fail(file.takeError());
    source = std::move(*file);
  }
  ArchitectureBuilder builder(architecture, *source, context);
  OwningOpRef<ModuleOp> module = builder.build(*input);
  if (llvm::Error error = source->finish())
    return fail(std::move(error));
  if (generated) {
    // The map of the last stage still holds a few pixels an image, and the pass takes seconds for the deepest network.
    const int64_t size = architecture.stem == StemKind::ImageNet ? 128 : 32;
    setRunningStatistics(builder.function, builder.parameters, /*images=*/4, size, options.seed);
  }
  return failed(verify(*module)) ? nullptr : std::move(module);
}
