// A whole network from a description: its function, its parameters, and what the user may choose.

#include "dialect/Import/NetworkBuilder.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace resnet;

static FailureOr<RankedTensorType> inputType(const Architecture &architecture, const ArchitectureOptions &options,
                                             MLIRContext *context) {
  const int64_t channels = architecture.inputChannels, least = architecture.smallestImage();
  SmallVector<int64_t> shape{ShapedType::kDynamic, channels, architecture.imageSize, architecture.imageSize};
  Location loc = NameLoc::get(StringAttr::get(context, architecture.name));
  for (const InputShape &given : options.shapes) {
    if (!given.name.empty() && given.name != "input")
      return emitError(loc) << "expected --shape to name the input 'input', got '" << given.name << "'";
    if (given.dims.size() != 4 || given.dims[1] != channels)
      return emitError(loc) << "expected --shape [N, " << channels << ", H, W], got " << formatShape(given.dims);
    std::optional<int64_t> count = countElements(ArrayRef(given.dims).drop_front());
    if (!count || *count > int64_t(1) << 28)
      return emitError(loc) << "expected at most 2^28 elements an image, got " << formatShape(given.dims);
    shape = given.dims;
  }
  if (shape[2] < least || shape[3] < least)
    return emitError(loc) << "expected an image of at least " << least << "x" << least << ", got " << shape[2] << "x" << shape[3];
  SmallVector<int64_t> widest = shape;
  widest[0] = ShapedType::isDynamic(shape[0]) ? 1 : shape[0];
  widest[1] = architecture.widestMap();
  if (!countElements(widest))
    return emitError(loc) << "expected at most 2^40 elements a map, got " << formatShape(widest);
  return RankedTensorType::get(shape, Float32Type::get(context));
}

static func::FuncOp buildFunction(const Architecture &architecture, RankedTensorType input, NetworkBuilder &network,
                                  ModuleOp module) {
  OpBuilder &builder = network.builder;
  builder.setInsertionPointToEnd(module.getBody());
  auto output = RankedTensorType::get({input.getDimSize(0), architecture.classes}, input.getElementType());
  auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), "main", builder.getFunctionType({input}, {output}));
  function.setArgAttr(0, "resnet.name", builder.getStringAttr("input"));
  function.setResultAttr(0, "resnet.name", builder.getStringAttr(architecture.softmax ? "probabilities" : "logits"));
  Block *body = builder.createBlock(&function.getBody());
  Value value = network.stem(body->addArgument(input, network.name("input")));
  for (size_t s = 0; s < architecture.stages.size(); ++s)
    value = network.stage(value, s);
  func::ReturnOp::create(builder, builder.getUnknownLoc(), network.head(value));
  return function;
}

// Of the images for running statistics: a few pixels of each are left in the last stage's map. Networks that would take many
// seconds get smaller ones.
static int64_t statisticsSize(const Architecture &architecture) {
  constexpr int64_t kMostProducts = int64_t(1) << 32; // an image; a second of two cores
  int64_t size = std::min<int64_t>(architecture.imageSize, 128);
  while (size >= 32 && architecture.products(size) > kMostProducts)
    size /= 2;
  return std::max(size, architecture.smallestImage());
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
    source = generateParameters(options.seed, options.residualScale);
  } else {
    llvm::Expected<std::unique_ptr<ParameterSource>> file = readSafetensors(options.weights);
    if (!file)
      return fail(file.takeError());
    source = std::move(*file);
  }
  NetworkBuilder network(architecture, *source, context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(network.builder.getUnknownLoc());
  func::FuncOp function = buildFunction(architecture, *input, network, *module);
  if (llvm::Error error = source->finish())
    return fail(std::move(error));
  if (generated)
    setRunningStatistics(function, network.parameters, /*images=*/4, statisticsSize(architecture), options.seed);
  return failed(verify(*module)) ? nullptr : std::move(module);
}
