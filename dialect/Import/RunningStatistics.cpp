// A forward pass over small images. Maps lie as [C][N][H][W], so that a convolution is one matrix product a group whose
// columns are the pixels of all images. Each element's sum has one order; threads divide the output channels.

#include "dialect/Import/RunningStatistics.h"
#include "dialect/IR/ResNetDialect.h"
#include "dialect/Import/Random.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <thread>

using namespace mlir;
using namespace resnet;

namespace {

struct Map {
  int64_t channels = 0, images = 0, height = 0, width = 0;
  std::vector<float> data;

  Map() = default;
  Map(int64_t channels, int64_t images, int64_t height, int64_t width)
      : channels(channels), images(images), height(height), width(width), data(channels * images * height * width) {}
  int64_t pixels() const { return images * height * width; }
  const float *plane(int64_t channel, int64_t image) const { return &data[(channel * images + image) * height * width]; }
  float *plane(int64_t channel, int64_t image) { return &data[(channel * images + image) * height * width]; }
};

class ForwardPass {
public:
  ForwardPass(ParameterValues &parameters, Map input, Value argument) : parameters(parameters) {
    maps[argument] = std::move(input);
  }
  void run(Block &block);

private:
  Map conv(Conv2dOp op);
  Map batchNorm(BatchNormOp op);
  Map relu(ReluOp op);
  Map add(AddOp op);
  Map maxPool(MaxPool2dOp op);
  Map subsample(SubsampleOp op);

  ParameterValues &parameters;
  llvm::DenseMap<Value, Map> maps;
};

} // namespace

//===--------------------------------------------------------------------===//
// Convolution
//===--------------------------------------------------------------------===//

static constexpr int64_t kRows = 4, kColumns = 8; // 8 vectors of sums, 2 of columns and 1 of weights: fits 16 registers

// The windows of `channels` channels from `first`, as panels of kColumns columns: [panel][channel, ky, kx][column].
static std::vector<float> unfold(const Map &in, Conv2dOp op, int64_t first, int64_t channels, int64_t kernelHeight,
                                 int64_t kernelWidth, int64_t outHeight, int64_t outWidth) {
  const int64_t depth = channels * kernelHeight * kernelWidth, columns = in.images * outHeight * outWidth;
  std::vector<float> panels((columns + kColumns - 1) / kColumns * kColumns * depth);
  for (int64_t c = 0, k = 0; c < channels; ++c)
    for (int64_t ky = 0; ky < kernelHeight; ++ky)
      for (int64_t kx = 0; kx < kernelWidth; ++kx, ++k)
        for (int64_t n = 0, column = 0; n < in.images; ++n) {
          const float *plane = in.plane(first + c, n);
          for (int64_t oy = 0; oy < outHeight; ++oy) {
            const int64_t y = oy * op.getStrides()[0] + ky - op.getPadding()[0];
            for (int64_t ox = 0; ox < outWidth; ++ox, ++column) {
              const int64_t x = ox * op.getStrides()[1] + kx - op.getPadding()[1];
              if (y >= 0 && y < in.height && x >= 0 && x < in.width)
                panels[(column / kColumns * depth + k) * kColumns + column % kColumns] = plane[y * in.width + x];
            }
          }
        }
  return panels;
}

// Rows [begin, end) of out = weights x panels; `out` has rows of `columns` elements.
static void multiply(const float *weights, const std::vector<float> &panels, float *out, int64_t begin, int64_t end,
                     int64_t depth, int64_t columns) {
  for (int64_t column = 0; column < columns; column += kColumns) {
    const float *panel = &panels[column * depth];
    for (int64_t row = begin; row < end; row += kRows) {
      const int64_t rows = std::min(kRows, end - row);
      const float *w[kRows];
      for (int64_t r = 0; r < kRows; ++r)
        w[r] = weights + (row + std::min(r, rows - 1)) * depth;
      float sums[kRows][kColumns] = {};
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t r = 0; r < kRows; ++r)
          for (int64_t c = 0; c < kColumns; ++c)
            sums[r][c] += w[r][k] * panel[k * kColumns + c];
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < std::min(kColumns, columns - column); ++c)
          out[(row + r) * columns + column + c] = sums[r][c];
    }
  }
}

Map ForwardPass::conv(Conv2dOp op) {
  const Map &in = maps[op.getInput()];
  const HostTensor &filter = parameters[op.getFilter()];
  const int64_t kernelHeight = filter.shape[2], kernelWidth = filter.shape[3], groups = op.getGroups();
  auto windows = [&](int64_t size, int64_t kernel, int i) {
    return (size + op.getPadding()[i] + op.getPadding()[2 + i] - kernel) / op.getStrides()[i] + 1;
  };
  Map out(filter.shape[0], in.images, windows(in.height, kernelHeight, 0), windows(in.width, kernelWidth, 1));
  const int64_t depth = filter.shape[1] * kernelHeight * kernelWidth, rows = out.channels / groups;
  const int64_t columns = out.pixels();
  for (int64_t group = 0; group < groups; ++group) {
    const std::vector<float> panels =
        unfold(in, op, group * filter.shape[1], filter.shape[1], kernelHeight, kernelWidth, out.height, out.width);
    const float *weights = filter.floats.get() + group * rows * depth;
    float *result = out.data.data() + group * rows * columns;
    // A few million multiplications are not worth a thread.
    const int64_t most = std::max<int64_t>(1, rows * depth * columns >> 22);
    const int64_t threads = std::min<int64_t>({most, rows, std::max(1u, std::thread::hardware_concurrency()), 16});
    std::vector<std::thread> pool;
    for (int64_t t = 1; t < threads; ++t)
      pool.emplace_back(
          [=, &panels] { multiply(weights, panels, result, rows * t / threads, rows * (t + 1) / threads, depth, columns); });
    multiply(weights, panels, result, 0, rows / threads, depth, columns);
    for (std::thread &thread : pool)
      thread.join();
  }
  return out;
}

//===--------------------------------------------------------------------===//
// The other operations
//===--------------------------------------------------------------------===//

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

Map ForwardPass::relu(ReluOp op) {
  Map out = maps[op.getInput()];
  for (float &x : out.data)
    x = std::max(x, 0.0f);
  return out;
}

Map ForwardPass::add(AddOp op) {
  Map out = maps[op.getLhs()];
  for (auto [x, y] : llvm::zip(out.data, maps[op.getRhs()].data))
    x += y;
  return out;
}

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

void ForwardPass::run(Block &block) {
  llvm::DenseMap<Value, int64_t> uses; // left
  int64_t norms = llvm::range_size(block.getOps<BatchNormOp>());
  for (Operation &op : block) {
    if (norms == 0)
      return;
    if (isa<ConstantOp>(op))
      continue;
    Map out = llvm::TypeSwitch<Operation *, Map>(&op)
                  .Case([&](Conv2dOp conv2d) { return conv(conv2d); })
                  .Case([&](BatchNormOp norm) {
                    --norms;
                    return batchNorm(norm);
                  })
                  .Case([&](ReluOp relu) { return this->relu(relu); })
                  .Case([&](AddOp add) { return this->add(add); })
                  .Case([&](MaxPool2dOp pool) { return maxPool(pool); })
                  .Case([&](SubsampleOp subsample) { return this->subsample(subsample); })
                  .Default([](Operation *) { return Map(); });
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
