// Windows are unfolded into columns, filters are rows, and a small register tile multiplies them.

#include "dialect/Import/StatisticsConvolution.h"
#include <thread>

using namespace mlir;
using namespace resnet;

// Wider vectors where the processor has them: the same additions and multiplications, so the same bits.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define RESNET_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define RESNET_CLONES
#endif

static constexpr int64_t kRows = 4, kColumns = 8; // 8 vectors of sums, 2 of columns and 1 of weights: fits 16 registers

// The windows of `channels` channels from `first`, as panels of kColumns columns: [panel][channel, ky, kx][column].
static std::vector<float> unfold(const StatisticsMap &in, Conv2dOp op, int64_t first, int64_t channels, int64_t kernelHeight,
                                 int64_t kernelWidth, int64_t outHeight, int64_t outWidth) {
  const int64_t depth = channels * kernelHeight * kernelWidth, columns = in.images * outHeight * outWidth;
  std::vector<float> panels((columns + kColumns - 1) / kColumns * kColumns * depth);
  for (int64_t c = 0, k = 0; c < channels; ++c)
    for (int64_t ky = 0; ky < kernelHeight; ++ky)
      for (int64_t kx = 0; kx < kernelWidth; ++kx, ++k)
        for (int64_t n = 0, column = 0; n < in.images; ++n) {
          const float *plane = in.plane(first + c, n);
          for (int64_t oy = 0; oy < outHeight; ++oy) {
            const int64_t y = oy * op.getStrides()[0] + ky * op.getDilations()[0] - op.getPadding()[0];
            for (int64_t ox = 0; ox < outWidth; ++ox, ++column) {
              const int64_t x = ox * op.getStrides()[1] + kx * op.getDilations()[1] - op.getPadding()[1];
              if (y >= 0 && y < in.height && x >= 0 && x < in.width)
                panels[(column / kColumns * depth + k) * kColumns + column % kColumns] = plane[y * in.width + x];
            }
          }
        }
  return panels;
}

// Rows [begin, end) of out = weights x panels; `out` has rows of `columns` elements.
RESNET_CLONES static void multiply(const float *weights, const std::vector<float> &panels, float *out, int64_t begin, int64_t end,
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

StatisticsMap resnet::convolve(const StatisticsMap &in, Conv2dOp op, const HostTensor &filter, const HostTensor *bias) {
  const int64_t kernelHeight = filter.shape[2], kernelWidth = filter.shape[3], groups = op.getGroups();
  auto windows = [&](int64_t size, int64_t kernel, int i) {
    return (size + op.getPadding()[i] + op.getPadding()[2 + i] - (kernel - 1) * op.getDilations()[i] - 1) / op.getStrides()[i] +
           1;
  };
  StatisticsMap out(filter.shape[0], in.images, windows(in.height, kernelHeight, 0), windows(in.width, kernelWidth, 1));
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
  if (bias)
    for (int64_t c = 0; c < out.channels; ++c)
      for (float &x : MutableArrayRef<float>(out.plane(c, 0), columns))
        x += bias->floatAt(c);
  return out;
}
