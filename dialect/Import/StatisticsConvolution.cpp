// Windows are unfolded into columns, filters are rows, and a small register tile multiplies them.

#include "dialect/Import/StatisticsConvolution.h"
#include "llvm/Support/Compiler.h"
#include <algorithm>
#include <cstring>
#include <thread>

using namespace mlir;
using namespace resnet;

// Wider vectors where the processor has them: the same additions and multiplications, so the same bits. The choice is made before
// a sanitizer's runtime is ready, so there is none with one.
#if defined(__x86_64__) && !LLVM_ADDRESS_SANITIZER_BUILD && !LLVM_THREAD_SANITIZER_BUILD
#define RESNET_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define RESNET_CLONES
#endif

static constexpr int64_t kRows = 4, kColumns = 16; // 8 vectors of sums, 2 of columns and 1 of weights: fits 16 registers

namespace {
using Vector = float __attribute__((vector_size(32)));

// What a convolution reads: its windows' places, whatever map the operation's types are of.
struct Windows {
  int64_t kernelHeight, kernelWidth, strideY, strideX, dilationY, dilationX, top, left, outHeight, outWidth;
};
} // namespace

// One row of the columns: what tap (ky, kx) reads of channel `channel` for all pixels of all images.
static void unfoldRow(const StatisticsMap &in, const Windows &w, int64_t channel, int64_t ky, int64_t kx, float *row) {
  // The outputs [begin, end) of a row read inside the map.
  const int64_t shift = kx * w.dilationX - w.left;
  const int64_t begin = std::min(w.outWidth, shift >= 0 ? 0 : (-shift + w.strideX - 1) / w.strideX);
  const int64_t end = std::max(begin, std::min(w.outWidth, in.width > shift ? (in.width - shift - 1) / w.strideX + 1 : 0));
  for (int64_t n = 0; n < in.images; ++n) {
    const float *plane = in.plane(channel, n);
    for (int64_t oy = 0; oy < w.outHeight; ++oy, row += w.outWidth) {
      const int64_t y = oy * w.strideY + ky * w.dilationY - w.top;
      if (y < 0 || y >= in.height) {
        std::fill_n(row, w.outWidth, 0.0f);
        continue;
      }
      std::fill_n(row, begin, 0.0f);
      const float *line = plane + y * in.width + shift;
      if (w.strideX == 1)
        std::copy(line + begin, line + end, row + begin);
      else
        for (int64_t ox = begin; ox < end; ++ox)
          row[ox] = line[ox * w.strideX];
      std::fill(row + end, row + w.outWidth, 0.0f);
    }
  }
}

// The windows of `channels` channels from `first`, as panels of kColumns columns: [panel][channel, ky, kx][column].
static std::vector<float> unfold(const StatisticsMap &in, const Windows &w, int64_t first, int64_t channels) {
  const int64_t depth = channels * w.kernelHeight * w.kernelWidth, columns = in.images * w.outHeight * w.outWidth;
  const int64_t numPanels = (columns + kColumns - 1) / kColumns;
  std::vector<float> panels(numPanels * kColumns * depth), row(numPanels * kColumns);
  for (int64_t c = 0, k = 0; c < channels; ++c)
    for (int64_t ky = 0; ky < w.kernelHeight; ++ky)
      for (int64_t kx = 0; kx < w.kernelWidth; ++kx, ++k) {
        unfoldRow(in, w, first + c, ky, kx, row.data());
        for (int64_t panel = 0; panel < numPanels; ++panel)
          std::copy_n(row.data() + panel * kColumns, kColumns, panels.data() + (panel * depth + k) * kColumns);
      }
  return panels;
}

// Rows [begin, end) of out = weights x panels; `out` has rows of `columns` elements.
RESNET_CLONES static void multiply(const float *weights, const float *panels, float *out, int64_t begin, int64_t end,
                                   int64_t depth, int64_t columns) {
  constexpr int64_t kVectors = kColumns * sizeof(float) / sizeof(Vector), kLanes = kColumns / kVectors;
  for (int64_t column = 0; column < columns; column += kColumns)
    for (int64_t row = begin; row < end; row += kRows) {
      const int64_t rows = std::min(kRows, end - row);
      const float *w[kRows];
      for (int64_t r = 0; r < kRows; ++r)
        w[r] = weights + (row + std::min(r, rows - 1)) * depth;
      Vector sums[kRows][kVectors] = {};
      const float *panel = panels + column * depth;
      for (int64_t k = 0; k < depth; ++k, panel += kColumns)
        for (int64_t v = 0; v < kVectors; ++v) {
          Vector values;
          std::memcpy(&values, panel + v * kLanes, sizeof(values)); // not aligned
          for (int64_t r = 0; r < kRows; ++r)
            sums[r][v] += values * w[r][k];
        }
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < std::min(kColumns, columns - column); ++c)
          out[(row + r) * columns + column + c] = sums[r][c / kLanes][c % kLanes];
    }
}

StatisticsMap resnet::convolve(const StatisticsMap &in, Conv2dOp op, const HostTensor &filter, const HostTensor *bias) {
  const int64_t groups = op.getGroups();
  Windows w;
  w.kernelHeight = filter.shape[2], w.kernelWidth = filter.shape[3];
  w.strideY = op.getStrides()[0], w.strideX = op.getStrides()[1];
  w.dilationY = op.getDilations()[0], w.dilationX = op.getDilations()[1];
  w.top = op.getPadding()[0], w.left = op.getPadding()[1];
  w.outHeight = (in.height + w.top + op.getPadding()[2] - (w.kernelHeight - 1) * w.dilationY - 1) / w.strideY + 1;
  w.outWidth = (in.width + w.left + op.getPadding()[3] - (w.kernelWidth - 1) * w.dilationX - 1) / w.strideX + 1;
  StatisticsMap out(filter.shape[0], in.images, w.outHeight, w.outWidth);
  const int64_t depth = filter.shape[1] * w.kernelHeight * w.kernelWidth, rows = out.channels / groups;
  const int64_t columns = out.pixels();
  for (int64_t group = 0; group < groups; ++group) {
    const std::vector<float> panels = unfold(in, w, group * filter.shape[1], filter.shape[1]);
    const float *weights = filter.floats.get() + group * rows * depth;
    float *result = out.data.data() + group * rows * columns;
    // A few million multiplications are not worth a thread.
    const int64_t most = std::max<int64_t>(1, rows * depth * columns >> 22);
    const int64_t threads = std::min<int64_t>({most, rows, std::max(1u, std::thread::hardware_concurrency()), 16});
    std::vector<std::thread> pool;
    for (int64_t t = 1; t < threads; ++t)
      pool.emplace_back([=, &panels] {
        multiply(weights, panels.data(), result, rows * t / threads, rows * (t + 1) / threads, depth, columns);
      });
    multiply(weights, panels.data(), result, 0, rows / threads, depth, columns);
    for (std::thread &thread : pool)
      thread.join();
  }
  if (bias)
    for (int64_t c = 0; c < out.channels; ++c)
      for (float &x : MutableArrayRef<float>(out.plane(c, 0), columns))
        x += bias->floatAt(c);
  return out;
}
