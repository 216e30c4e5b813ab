// A network has one style and keeps to it mostly, as real ones do. To compile a kernel takes longer than all else, so networks
// share them: style and sizes are those of a family, and a halved map is another family's whole one.

#include "RandomNetwork.h"
#include "RandomLayers.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace resnet;
using namespace resnet::test;

/// Two networks whose seeds are equal modulo this number are of one family.
static constexpr uint64_t kFamilies = 25;

namespace {

enum class BlockKind { Basic, Bottleneck, Depthwise };
enum class Shortcut { Projection, AveragePool, MaxPool, Subsample, SlicePad, None };

struct Style {
  BlockKind block;
  Shortcut shortcut;
  Norm norm;
  Shape activation;
  Attention attention;
  int64_t groups;
  bool before; // normalisation and activation come before a convolution (He et al., 2016)
};

class NetworkGrower {
public:
  explicit NetworkGrower(MLIRContext *context) : layers(context) {}
  OwningOpRef<ModuleOp> grow(uint64_t seed);

private:
  Style drawStyle();
  Style vary(Style style);
  Value normalized(Value input) { return layers.norm(input, style.norm); }
  Value activated(Value input) { return layers.activate(input, style.activation); }
  Value convNorm(Value input, int64_t filters, Window window);
  Value input(Value image);
  Value stem(Value image, int64_t width);
  Value branch(Value input, int64_t width, Window window);
  Value shortcut(Value input, Value result);
  Value block(Value input, int64_t width, Window window);
  Value between(Value value);
  Value head(Value map);

  RandomLayers layers;
  Style style{};
};

} // namespace

Style NetworkGrower::drawStyle() {
  Style s;
  s.block = layers.oneOf({BlockKind::Basic, BlockKind::Basic, BlockKind::Bottleneck, BlockKind::Depthwise});
  s.shortcut = layers.oneOf({Shortcut::Projection, Shortcut::Projection, Shortcut::AveragePool, Shortcut::MaxPool,
                             Shortcut::Subsample, Shortcut::SlicePad, Shortcut::None});
  s.norm = layers.oneOf({Norm::Batch, Norm::Batch, Norm::Batch, Norm::Group, Norm::Instance, Norm::InstanceBatch, Norm::None});
  s.activation = layers.oneOf({Shape::Relu, Shape::Relu, Shape::Relu, Shape::Relu, Shape::Relu6, Shape::Silu,
                               Shape::SiluAsProduct, Shape::HardSwish, Shape::HardSwishAsProduct, Shape::Clip});
  s.attention = layers.oneOf({Attention::None, Attention::None, Attention::None, Attention::SqueezeExcitation,
                              Attention::SqueezeLinear, Attention::EfficientChannel, Attention::TwoPools});
  s.groups = layers.oneOf({1, 1, 2, 4});
  s.before = layers.chance(25);
  return s;
}

// One aspect of another style, now and then.
Style NetworkGrower::vary(Style s) {
  if (!layers.chance(15))
    return s;
  const Style other = drawStyle();
  switch (layers.pick(5)) {
  case 0:
    s.shortcut = other.shortcut;
    break;
  case 1:
    s.norm = other.norm;
    break;
  case 2:
    s.activation = other.activation;
    break;
  case 3:
    s.attention = other.attention;
    break;
  default:
    s.before = !s.before;
  }
  return s;
}

Value NetworkGrower::convNorm(Value input, int64_t filters, Window window) {
  const bool bias = style.norm == Norm::None || layers.chance(10);
  return normalized(layers.conv(input, filters, window, bias));
}

Value NetworkGrower::input(Value image) {
  if (layers.chance(8))
    image = layers.fakeQuantize(image);
  if (shapeOf(image)[3] <= 4) // rows, columns, channels
    image = layers.create<TransposeOp>(image, ArrayRef<int64_t>{0, 3, 1, 2});
  return image;
}

Value NetworkGrower::stem(Value image, int64_t width) {
  const bool large = shapeOf(image)[2] > 10;
  Value value = image;
  if (large && layers.chance(25)) // ResNet-C's: three small windows
    for (int64_t stride : {2, 1, 1})
      value = activated(convNorm(value, width, {.stride = stride}));
  else
    value = activated(convNorm(value, width, {.kernel = large ? layers.oneOf({3, 7}) : 3, .stride = large ? 2 : 1}));
  if (large && layers.chance(60))
    value = layers.create<MaxPool2dOp>(value, ArrayRef<int64_t>{3, 3}, ArrayRef<int64_t>{2, 2}, ArrayRef<int64_t>{1, 1, 1, 1});
  return value;
}

// F: the convolutions of a block.
Value NetworkGrower::branch(Value input, int64_t width, Window window) {
  struct Step {
    int64_t filters;
    Window window;
  };
  SmallVector<Step> steps;
  const Window point{.kernel = 1};
  if (style.block == BlockKind::Basic) {
    steps = {{width, window}, {width, {.dilation = window.dilation}}};
  } else if (style.block == BlockKind::Bottleneck) {
    const bool early = window.stride > 1 && layers.chance(40); // the original stride on the first 1x1, or v1.5
    Window middle = window, first = point;
    middle.groups = style.groups;
    if (early)
      std::swap(first.stride, middle.stride);
    steps = {{width, first}, {width, middle}, {2 * width, point}};
  } else {
    Window depthwise = window;
    depthwise.groups = 2 * width;
    if (window.dilation == 1)
      depthwise.kernel = layers.oneOf({3, 3, 5});
    steps = {{2 * width, point}, {2 * width, depthwise}, {width, point}};
  }
  Value value = input;
  for (auto [i, step] : llvm::enumerate(steps)) {
    if (style.before && i > 0)
      value = activated(normalized(value));
    const bool bias = style.before || style.norm == Norm::None;
    value = layers.conv(value, step.filters, step.window, bias && layers.chance(60));
    if (style.before)
      continue;
    value = normalized(value);
    if (i + 1 < steps.size())
      value = activated(value);
  }
  return layers.attend(value, style.attention);
}

// The other path, in the shape of F's result.
Value NetworkGrower::shortcut(Value input, Value result) {
  const int64_t have = channelsOf(input), want = channelsOf(result), added = want - have;
  const int64_t stride = shapeOf(result)[2] == shapeOf(input)[2] && shapeOf(result)[3] == shapeOf(input)[3] ? 1 : 2;
  if (stride == 1 && added == 0 && !layers.chance(10))
    return input;
  const int64_t one[] = {1, 1}, twos[] = {2, 2}, none[] = {0, 0, 0, 0};
  const SmallVector<int64_t> strides(2, stride);
  Shortcut kind = style.shortcut;
  if (added < 0 || (kind == Shortcut::MaxPool && added > 0))
    kind = Shortcut::Projection;
  switch (kind) {
  case Shortcut::AveragePool: { // ResNet-D
    Value pooled = input;
    if (stride == 2)
      pooled = layers.create<AvgPool2dOp>(input, ArrayRef(twos), ArrayRef(twos), ArrayRef(none), true, layers.chance(50));
    return convNorm(pooled, want, {.kernel = 1});
  }
  case Shortcut::MaxPool:
    return stride == 1 ? input : layers.create<MaxPool2dOp>(input, ArrayRef(one), ArrayRef(twos), ArrayRef(none));
  case Shortcut::Subsample:
    return layers.create<SubsampleOp>(input, strides, ArrayRef<int64_t>{added / 2, added - added / 2});
  case Shortcut::SlicePad: { // as exporters write option A
    auto halved = [&](int64_t size) { return (size + stride - 1) / stride; };
    const int64_t sizes[] = {have, halved(shapeOf(input)[2]), halved(shapeOf(input)[3])};
    Value sliced =
        layers.create<SliceOp>(input, ArrayRef<int64_t>{0, 0, 0}, ArrayRef<int64_t>(sizes), ArrayRef<int64_t>{1, stride, stride});
    return layers.create<PadOp>(sliced, ArrayRef<int64_t>{added / 2, 0, 0}, ArrayRef<int64_t>{added - added / 2, 0, 0},
                                llvm::APFloat(0.0f), PadMode::Constant);
  }
  default:
    return convNorm(input, want, {.kernel = 1, .stride = stride});
  }
}

Value NetworkGrower::block(Value input, int64_t width, Window window) {
  const Style kept = style;
  style = vary(style);
  Value start = style.before ? activated(normalized(input)) : input;
  Value value = branch(start, width, window);
  if (style.shortcut != Shortcut::None) {
    Value other = shortcut(style.before && layers.chance(50) ? start : input, value);
    value = layers.chance(50) ? layers.create<AddOp>(value, other) : layers.create<AddOp>(other, value);
  }
  // Inverted residuals (MobileNetV2) end without one too.
  if (!style.before && !(style.block == BlockKind::Depthwise && layers.chance(50)))
    value = activated(value);
  style = kept;
  return value;
}

Value NetworkGrower::between(Value value) {
  switch (layers.pick(10)) {
  case 0:
    return layers.create<DropoutOp>(value);
  case 1: // a dense connection
    return layers.create<ConcatOp>(ValueRange{value, activated(layers.conv(value, 8, {.kernel = 1}, true))});
  case 2:
    return layers.create<MaxPool2dOp>(value, ArrayRef<int64_t>{3, 3}, ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{1, 1, 1, 1});
  case 3:
    return layers.create<AvgPool2dOp>(value, ArrayRef<int64_t>{3, 3}, ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{1, 1, 1, 1},
                                      false, layers.chance(50));
  case 4: // gated by itself
    return layers.create<MulOp>(value, layers.create<SigmoidOp>(layers.conv(value, channelsOf(value), {.kernel = 1}, true)));
  default:
    return value;
  }
}

Value NetworkGrower::head(Value map) {
  if (style.before || layers.chance(10))
    map = activated(normalized(map));
  const int64_t classes = layers.oneOf({10, 10, 7});
  Value features;
  switch (layers.pick(8)) {
  case 0:
    return map;
  case 1: // fully convolutional
    features = layers.flatten(layers.create<GlobalAvgPoolOp>(layers.conv(map, classes, {.kernel = 1}, true)));
    break;
  case 2:
    features = layers.linear(layers.flatten(layers.create<GlobalMaxPoolOp>(map)), classes);
    break;
  case 3: // a window as large as the map
    features = layers.flatten(layers.create<AvgPool2dOp>(map, shapeOf(map).drop_front(2), ArrayRef<int64_t>{1, 1},
                                                         ArrayRef<int64_t>{0, 0, 0, 0}, false, false));
    features = layers.linear(features, classes);
    break;
  case 4:
    features = layers.linear(layers.flatten(map), classes);
    break;
  case 5:
    features = layers.linear(layers.flatten(layers.create<GlobalAvgPoolOp>(map)), 16);
    features = layers.linear(activated(features), classes);
    break;
  default:
    features = layers.linear(layers.flatten(layers.create<GlobalAvgPoolOp>(map)), classes);
  }
  if (layers.chance(30))
    features = layers.create<SoftmaxOp>(features, layers.chance(40));
  return features;
}

OwningOpRef<ModuleOp> NetworkGrower::grow(uint64_t seed) {
  layers.restart(seed % kFamilies);
  style = drawStyle();
  const auto [height, width] = layers.oneOf<std::pair<int64_t, int64_t>>({{8, 8}, {7, 9}, {16, 16}, {14, 18}});
  int64_t filters = layers.oneOf({8, 8, 20});

  layers.restart(seed);
  OpBuilder &builder = layers.builder;
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, layers.loc);
  const int64_t batch = layers.chance(85) ? ShapedType::kDynamic : 2, channels = layers.oneOf({3, 3, 3, 1});
  SmallVector<int64_t> shape{batch, channels, height, width};
  if (layers.chance(10))
    shape = {batch, height, width, channels};
  const Type inputs[] = {RankedTensorType::get(shape, builder.getF32Type())};
  builder.setInsertionPointToEnd(module->getBody());
  auto main = func::FuncOp::create(builder, layers.loc, "main", builder.getFunctionType(inputs, {}));
  Block *body = main.addEntryBlock();
  builder.setInsertionPointToEnd(body);

  SmallVector<Value> results;
  Value value = stem(input(body->getArgument(0)), filters);
  for (int64_t s = 0, stages = 1 + layers.pick(3); s < stages; ++s) {
    const bool dilated = s == 2 && layers.chance(50); // keeps the map instead of halving it
    for (int64_t b = 0, blocks = 1 + layers.pick(2); b < blocks; ++b) {
      value = block(value, filters, {.stride = s > 0 && b == 0 && !dilated ? 2 : 1, .dilation = dilated ? 2 : 1});
      if (layers.chance(5))
        results.push_back(value);
    }
    value = between(value);
    filters = layers.chance(70) ? 2 * filters : filters;
  }
  results.insert(results.begin(), head(value));
  func::ReturnOp::create(builder, layers.loc, results);
  main.setFunctionType(builder.getFunctionType(inputs, SmallVector<Type>(ValueRange(results).getTypes())));
  return module;
}

OwningOpRef<ModuleOp> resnet::test::randomNetwork(MLIRContext *context, uint64_t seed) {
  return NetworkGrower(context).grow(seed);
}
