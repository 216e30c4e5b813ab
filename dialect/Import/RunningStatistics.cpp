// A forward pass over small images, in f32 and in one order, whose only result are the statistics that it meets.

#include "dialect/Import/RunningStatistics.h"
#include "dialect/IR/ResNetDialect.h"
#include "dialect/Import/Random.h"
#include "dialect/Import/StatisticsConvolution.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace resnet;

namespace {

using Map = StatisticsMap;

class ForwardPass {
public:
  ForwardPass(ParameterValues &parameters, Map input, Value argument) : parameters(parameters) {
    maps[argument] = std::move(input);
  }
  void run(Block &block);

private:
  Map evaluate(Operation &op);
  Map conv(Conv2dOp op);
  Map batchNorm(BatchNormOp op);
  Map groupNorm(GroupNormOp op);
  Map add(AddOp op);
  Map mul(MulOp op);
  Map maxPool(MaxPool2dOp op);
  Map avgPool(AvgPool2dOp op);
  Map globalAvgPool(GlobalAvgPoolOp op);
  Map subsample(SubsampleOp op);
  Map slice(SliceOp op);
  Map concat(ConcatOp op);
  Map reshape(ReshapeOp op);
  template <typename Function> Map apply(Value input, Function function) {
    Map out = maps[input];
    for (float &x : out.data)
      x = function(x);
    return out;
  }

  ParameterValues &parameters;
  llvm::DenseMap<Value, Map> maps;
};

} // namespace

//===--------------------------------------------------------------------===//
// Convolution and normalisation
//===--------------------------------------------------------------------===//

Map ForwardPass::conv(Conv2dOp op) {
  const HostTensor *bias = op.getBias() ? &parameters[op.getBias()] : nullptr;
  return convolve(maps[op.getInput()], op, parameters[op.getFilter()], bias);
}

// Normalises by the statistics of this very input, and remembers them.
Map ForwardPass::batchNorm(BatchNormOp op) {
  Map out = maps[op.getInput()];
  float *means = parameters[op.getMean()].floats.get(), *variances = parameters[op.getVariance()].floats.get();
  const float *scales = parameters[op.getScale()].floats.get(), *offsets = parameters[op.getOffset()].floats.get();
  const int64_t pixels = out.pixels();
  for (int64_t c = 0; c < out.channels; ++c) {
    MutableArrayRef<float> plane(out.plane(c, 0), pixels);
    double sum = 0, squares = 0;
    for (float x : plane)
      sum += x;
    const double mean = sum / static_cast<double>(pixels);
    for (float x : plane)
      squares += (x - mean) * (x - mean);
    means[c] = static_cast<float>(mean);
    variances[c] = static_cast<float>(squares / static_cast<double>(pixels));
    const float factor = scales[c] / std::sqrt(variances[c] + op.getEpsilon().convertToFloat());
    for (float &x : plane)
      x = (x - means[c]) * factor + offsets[c];
  }
  return out;
}

Map ForwardPass::groupNorm(GroupNormOp op) {
  Map out = maps[op.getInput()];
  const HostTensor &scale = parameters[op.getScale()], &offset = parameters[op.getOffset()];
  const auto groups = static_cast<int64_t>(op.getGroups());
  const int64_t each = out.channels / groups, pixels = out.height * out.width;
  for (int64_t n = 0; n < out.images; ++n)
    for (int64_t g = 0; g < groups; ++g) {
      auto plane = [&](int64_t c) { return MutableArrayRef<float>(out.plane(g * each + c, n), pixels); };
      double sum = 0, squares = 0;
      for (int64_t c = 0; c < each; ++c)
        for (float x : plane(c))
          sum += x;
      const double count = static_cast<double>(each * pixels), mean = sum / count;
      for (int64_t c = 0; c < each; ++c)
        for (float x : plane(c))
          squares += (x - mean) * (x - mean);
      const double deviation = std::sqrt(squares / count + op.getEpsilon().convertToFloat());
      for (int64_t c = 0; c < each; ++c)
        for (float &x : plane(c))
          x = static_cast<float>((x - mean) / deviation) * scale.floatAt(g * each + c) + offset.floatAt(g * each + c);
    }
  return out;
}

//===--------------------------------------------------------------------===//
// Elements
//===--------------------------------------------------------------------===//

static float sigmoid(float x) { return static_cast<float>(1 / (1 + exponential(-static_cast<double>(x)))); }

static float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

Map ForwardPass::add(AddOp op) {
  Map out = maps[op.getLhs()];
  for (auto [x, y] : llvm::zip(out.data, maps[op.getRhs()].data))
    x += y;
  return out;
}

// The other operand is one number a channel, as attention has it.
Map ForwardPass::mul(MulOp op) {
  Map out = maps[op.getLhs()];
  const Map &gate = maps[op.getRhs()];
  for (int64_t c = 0; c < out.channels; ++c)
    for (int64_t n = 0; n < out.images; ++n)
      for (float &x : MutableArrayRef<float>(out.plane(c, n), out.height * out.width))
        x *= *gate.plane(c, n);
  return out;
}

//===--------------------------------------------------------------------===//
// Windows
//===--------------------------------------------------------------------===//

Map ForwardPass::maxPool(MaxPool2dOp op) {
  const Map &in = maps[op.getInput()];
  ArrayRef<int64_t> kernel = op.getKernel(), strides = op.getStrides(), padding = op.getPadding();
  Map out(in.channels, in.images, (in.height + padding[0] + padding[2] - kernel[0]) / strides[0] + 1,
          (in.width + padding[1] + padding[3] - kernel[1]) / strides[1] + 1);
  for (int64_t c = 0; c < in.channels; ++c)
    for (int64_t n = 0; n < in.images; ++n)
      for (int64_t oy = 0; oy < out.height; ++oy)
        for (int64_t ox = 0; ox < out.width; ++ox) {
          float most = -INFINITY;
          for (int64_t y = oy * strides[0] - padding[0], ky = 0; ky < kernel[0]; ++ky, ++y)
            for (int64_t x = ox * strides[1] - padding[1], kx = 0; kx < kernel[1]; ++kx, ++x)
              if (y >= 0 && y < in.height && x >= 0 && x < in.width)
                most = std::max(most, in.plane(c, n)[y * in.width + x]);
          out.plane(c, n)[oy * out.width + ox] = most;
        }
  return out;
}

Map ForwardPass::avgPool(AvgPool2dOp op) {
  const Map &in = maps[op.getInput()];
  ArrayRef<int64_t> kernel = op.getKernel(), strides = op.getStrides(), padding = op.getPadding();
  auto windows = [&](int64_t size, int i) {
    const int64_t room = size + padding[i] + padding[2 + i] - kernel[i];
    return (op.getCeilMode() ? (room + strides[i] - 1) / strides[i] : room / strides[i]) + 1;
  };
  Map out(in.channels, in.images, windows(in.height, 0), windows(in.width, 1));
  for (int64_t c = 0; c < in.channels; ++c)
    for (int64_t n = 0; n < in.images; ++n)
      for (int64_t oy = 0; oy < out.height; ++oy)
        for (int64_t ox = 0; ox < out.width; ++ox) {
          float sum = 0, count = 0;
          for (int64_t y = oy * strides[0] - padding[0], ky = 0; ky < kernel[0]; ++ky, ++y)
            for (int64_t x = ox * strides[1] - padding[1], kx = 0; kx < kernel[1]; ++kx, ++x) {
              const bool inside = y >= 0 && y < in.height && x >= 0 && x < in.width;
              sum += inside ? in.plane(c, n)[y * in.width + x] : 0;
              count += inside || op.getCountIncludePad();
            }
          out.plane(c, n)[oy * out.width + ox] = sum / count;
        }
  return out;
}

Map ForwardPass::globalAvgPool(GlobalAvgPoolOp op) {
  const Map &in = maps[op.getInput()];
  Map out(in.channels, in.images, 1, 1);
  for (int64_t c = 0; c < in.channels; ++c)
    for (int64_t n = 0; n < in.images; ++n) {
      double sum = 0;
      for (float x : ArrayRef(in.plane(c, n), in.height * in.width))
        sum += x;
      *out.plane(c, n) = static_cast<float>(sum / static_cast<double>(in.height * in.width));
    }
  return out;
}

//===--------------------------------------------------------------------===//
// Moves
//===--------------------------------------------------------------------===//

Map ForwardPass::subsample(SubsampleOp op) {
  const Map &in = maps[op.getInput()];
  ArrayRef<int64_t> strides = op.getStrides(), channels = op.getChannelPadding();
  Map out(in.channels + channels[0] + channels[1], in.images, (in.height - 1) / strides[0] + 1, (in.width - 1) / strides[1] + 1);
  for (int64_t c = 0; c < in.channels; ++c)
    for (int64_t n = 0; n < in.images; ++n)
      for (int64_t y = 0; y < out.height; ++y)
        for (int64_t x = 0; x < out.width; ++x)
          out.plane(c + channels[0], n)[y * out.width + x] = in.plane(c, n)[y * strides[0] * in.width + x * strides[1]];
  return out;
}

// Of channels alone: rows and columns are all taken, whatever number of them the types have.
Map ForwardPass::slice(SliceOp op) {
  const Map &in = maps[op.getInput()];
  Map out(op.getSizes()[0], in.images, in.height, in.width);
  const float *first = in.plane(op.getOffsets()[0], 0);
  std::copy(first, first + out.data.size(), out.data.begin());
  return out;
}

Map ForwardPass::concat(ConcatOp op) {
  const Map &first = maps[op.getInputs().front()];
  Map out(0, first.images, first.height, first.width);
  for (Value input : op.getInputs()) {
    const Map &in = maps[input];
    out.channels += in.channels;
    out.data.insert(out.data.end(), in.data.begin(), in.data.end());
  }
  return out;
}

Map ForwardPass::reshape(ReshapeOp op) {
  const Map &in = maps[op.getInput()];
  ArrayRef<int64_t> shape = op.getShape();
  Map out(shape[0], in.images, shape[1], shape[2]);
  const int64_t before = in.height * in.width, after = out.height * out.width;
  for (int64_t n = 0; n < in.images; ++n)
    for (int64_t i = 0; i < in.channels * before; ++i)
      out.plane(i / after, n)[i % after] = in.plane(i / before, n)[i % before];
  return out;
}

//===--------------------------------------------------------------------===//
// The whole
//===--------------------------------------------------------------------===//

Map ForwardPass::evaluate(Operation &operation) {
  return llvm::TypeSwitch<Operation *, Map>(&operation)
      .Case([&](Conv2dOp op) { return conv(op); })
      .Case([&](BatchNormOp op) { return batchNorm(op); })
      .Case([&](GroupNormOp op) { return groupNorm(op); })
      .Case([&](ReluOp op) { return apply(op.getInput(), [](float x) { return std::max(x, 0.0f); }); })
      .Case([&](ClipOp op) {
        const float low = op.getMin().convertToFloat(), high = op.getMax().convertToFloat();
        return apply(op.getInput(), [=](float x) { return clamp(x, low, high); });
      })
      .Case([&](SigmoidOp op) { return apply(op.getInput(), sigmoid); })
      .Case([&](SiluOp op) { return apply(op.getInput(), [](float x) { return x * sigmoid(x); }); })
      .Case([&](HardSigmoidOp op) {
        const float slope = op.getSlope().convertToFloat(), offset = op.getOffset().convertToFloat();
        return apply(op.getInput(), [=](float x) { return clamp(slope * x + offset, 0, 1); });
      })
      .Case(
          [&](HardSwishOp op) { return apply(op.getInput(), [](float x) { return x * clamp(x * (1.0f / 6.0f) + 0.5f, 0, 1); }); })
      .Case([&](AddOp op) { return add(op); })
      .Case([&](MulOp op) { return mul(op); })
      .Case([&](MaxPool2dOp op) { return maxPool(op); })
      .Case([&](AvgPool2dOp op) { return avgPool(op); })
      .Case([&](GlobalAvgPoolOp op) { return globalAvgPool(op); })
      .Case([&](SubsampleOp op) { return subsample(op); })
      .Case([&](SliceOp op) { return slice(op); })
      .Case([&](ConcatOp op) { return concat(op); })
      .Case([&](ReshapeOp op) { return reshape(op); })
      .Default([](Operation *) -> Map { llvm_unreachable("not an operation of an architecture before its last batch_norm"); });
}

void ForwardPass::run(Block &block) {
  llvm::DenseMap<Value, int64_t> uses; // left
  int64_t norms = llvm::range_size(block.getOps<BatchNormOp>());
  for (Operation &op : block) {
    if (norms == 0)
      return;
    if (isa<ConstantOp>(op))
      continue;
    norms -= isa<BatchNormOp>(op);
    Map out = evaluate(op);
    for (Value operand : op.getOperands())
      if (maps.contains(operand) && ++uses[operand] == static_cast<int64_t>(llvm::range_size(operand.getUses())))
        maps.erase(operand);
    maps[op.getResult(0)] = std::move(out);
  }
}

void resnet::setRunningStatistics(func::FuncOp function, ParameterValues &parameters, int64_t images, int64_t size,
                                  uint64_t seed) {
  BlockArgument argument = function.getArgument(0);
  Map input(cast<RankedTensorType>(argument.getType()).getDimSize(1), images, size, size);
  RandomStream random(seed, "images for running statistics");
  for (auto [i, x] : llvm::enumerate(input.data))
    x = static_cast<float>(random.normal(i));
  ForwardPass(parameters, std::move(input), argument).run(function.getBody().front());
}
