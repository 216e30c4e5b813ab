// Weights are scaled so that activations stay near 1 at any depth. Nothing here has a jump near its likely values: where two
// correct computations round differently, results must stay close.

#include "RandomLayers.h"
#include <cmath>

using namespace mlir;
using namespace resnet;
using namespace resnet::test;

Value RandomLayers::constant(ArrayRef<int64_t> shape, double low, double high) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  std::vector<float> elements(type.getNumElements());
  for (float &element : elements)
    element = static_cast<float>(low + (high - low) * (static_cast<double>(random() >> 11) * 0x1p-53));
  return create<ConstantOp>(DenseElementsAttr::get(type, ArrayRef<float>(elements)));
}

Value RandomLayers::conv(Value input, int64_t filters, Window window, bool bias) {
  const int64_t depth = channelsOf(input) / window.groups;
  const double bound = std::sqrt(6.0 / static_cast<double>(depth * window.kernel * window.kernel));
  Value filter = constant({filters, depth, window.kernel, window.kernel}, -bound, bound);
  const int64_t around = window.dilation * (window.kernel - 1), before = around / 2;
  SmallVector<int64_t> padding{before, before, around - before, around - before};
  // TensorFlow pads an even map's stride 2 at its end.
  if (around > 0 && window.stride == 2 && shapeOf(input)[2] % 2 == 0 && shapeOf(input)[3] % 2 == 0 && chance(25))
    padding = {before - 1, before - 1, around - before, around - before};
  const bool fits = shapeOf(input)[2] > around && shapeOf(input)[3] > around; // enough elements to mirror
  if (around > 0 && fits && chance(8)) {
    const auto mode = oneOf({PadMode::Constant, PadMode::Reflect, PadMode::Edge});
    input = create<PadOp>(input, ArrayRef<int64_t>{0, padding[0], padding[1]}, ArrayRef<int64_t>{0, padding[2], padding[3]},
                          llvm::APFloat(mode == PadMode::Constant && chance(30) ? 0.5f : 0.0f), mode);
    padding = {0, 0, 0, 0};
  }
  return create<Conv2dOp>(input, filter, bias ? constant({filters}, -0.3, 0.3) : Value(),
                          ArrayRef<int64_t>{window.stride, window.stride}, padding,
                          ArrayRef<int64_t>{window.dilation, window.dilation}, static_cast<uint64_t>(window.groups));
}

Value RandomLayers::linear(Value input, int64_t features) {
  const int64_t depth = channelsOf(input);
  const double bound = std::sqrt(3.0 / static_cast<double>(depth));
  Value weight = constant({features, depth}, -bound, bound);
  return create<LinearOp>(input, weight, chance(80) ? constant({features}, -0.5, 0.5) : Value());
}

Value RandomLayers::batchNorm(Value input) {
  const int64_t c = channelsOf(input);
  Value scale = constant({c}, chance(20) ? -1.2 : 0.4, 1.4), offset = constant({c}, -0.4, 0.4);
  return create<BatchNormOp>(input, scale, offset, constant({c}, -0.3, 0.3), constant({c}, 0.5, 2.0),
                             llvm::APFloat(oneOf({1e-5f, 1e-3f})));
}

Value RandomLayers::groupNorm(Value input, int64_t groups) {
  const int64_t c = channelsOf(input);
  return create<GroupNormOp>(input, constant({c}, 0.4, 1.4), constant({c}, -0.4, 0.4), static_cast<uint64_t>(groups),
                             llvm::APFloat(1e-5f));
}

Value RandomLayers::channels(Value input, int64_t first, int64_t count) {
  ArrayRef<int64_t> shape = shapeOf(input);
  return create<SliceOp>(input, ArrayRef<int64_t>{first, 0, 0}, ArrayRef<int64_t>{count, shape[2], shape[3]},
                         ArrayRef<int64_t>{1, 1, 1});
}

Value RandomLayers::norm(Value input, Norm kind) {
  const int64_t c = channelsOf(input), pixels = shapeOf(input)[2] * shapeOf(input)[3], half = c / 2;
  // Statistics of a few nearly equal values would turn rounding into large differences.
  const bool enough = pixels >= 8;
  if (kind == Norm::None)
    return input;
  if (kind == Norm::Batch || !enough)
    return batchNorm(input);
  if (kind == Norm::Group)
    return groupNorm(input, c % 4 == 0 ? oneOf({1, 2, 4}) : 1);
  if (kind == Norm::Instance)
    return groupNorm(input, c);
  Value normalized = groupNorm(channels(input, 0, half), half); // IBN-a: Pan et al., 2018
  return create<ConcatOp>(ValueRange{normalized, batchNorm(channels(input, half, c - half))});
}

Value RandomLayers::activate(Value input, Shape shape) {
  switch (shape) {
  case Shape::Relu:
    return create<ReluOp>(input);
  case Shape::Relu6:
    return create<ClipOp>(input, llvm::APFloat(0.0f), llvm::APFloat(6.0f));
  case Shape::Silu:
    return create<SiluOp>(input);
  case Shape::SiluAsProduct:
    return create<MulOp>(input, create<SigmoidOp>(input));
  case Shape::HardSwish:
    return create<HardSwishOp>(input);
  case Shape::HardSwishAsProduct:
    return create<MulOp>(create<HardSigmoidOp>(input, llvm::APFloat(1.0f / 6.0f), llvm::APFloat(0.5f)), input);
  case Shape::Sigmoid:
    return create<SigmoidOp>(input);
  case Shape::HardSigmoid:
    return create<HardSigmoidOp>(input, llvm::APFloat(oneOf({0.2f, 1.0f / 6.0f})), llvm::APFloat(0.5f));
  case Shape::Clip:
    return create<ClipOp>(input, llvm::APFloat(-0.75f), llvm::APFloat(1.5f));
  }
  llvm_unreachable("all shapes are handled");
}

// One factor for each channel of each image, and their product with the map.
Value RandomLayers::attend(Value input, Attention kind) {
  if (kind == Attention::None)
    return input;
  const int64_t c = channelsOf(input), squeezed = oneOf({4, 8});
  Value pooled = create<GlobalAvgPoolOp>(input), factor;
  if (kind == Attention::TwoPools)
    pooled = create<AddOp>(pooled, create<GlobalMaxPoolOp>(input));
  if (kind == Attention::EfficientChannel) { // Wang et al., 2020: a convolution along the channels
    const int64_t kernel = oneOf({3, 5}), side = kernel / 2;
    Value row = create<ReshapeOp>(pooled, ArrayRef<int64_t>{1, 1, c});
    Value mixed = create<Conv2dOp>(row, constant({1, 1, 1, kernel}, -0.8, 0.8), Value(), ArrayRef<int64_t>{1, 1},
                                   ArrayRef<int64_t>{0, side, 0, side}, ArrayRef<int64_t>{1, 1}, 1);
    factor = create<ReshapeOp>(mixed, ArrayRef<int64_t>{c, 1, 1});
  } else if (kind == Attention::SqueezeLinear) {
    Value features = linear(activate(linear(flatten(pooled), squeezed), Shape::Relu), c);
    factor = create<ReshapeOp>(features, ArrayRef<int64_t>{c, 1, 1});
  } else {
    Value hidden = activate(conv(pooled, squeezed, {.kernel = 1}, true), oneOf({Shape::Relu, Shape::Silu}));
    factor = conv(hidden, c, {.kernel = 1}, true);
  }
  factor = activate(factor, oneOf({Shape::Sigmoid, Shape::Sigmoid, Shape::HardSigmoid}));
  if (chance(20))
    factor = create<ExpandOp>(factor, shapeOf(input).drop_front(2));
  return create<MulOp>(input, factor);
}

Value RandomLayers::fakeQuantize(Value input) {
  return create<FakeQuantizeOp>(input, llvm::APFloat(0.013f), static_cast<uint64_t>(oneOf({0, 3})), ArrayRef<int64_t>{-128, 127});
}
