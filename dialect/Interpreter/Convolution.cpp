// Convolution by definition, arranged so that the innermost loop is contiguous for every stride: the padded input is split into
// strides[0] x strides[1] phases, in each of which the convolution has stride 1, and a whole map is one row of sums.

#include "dialect/Interpreter/Reference.h"
#include "llvm/Support/Parallel.h"

using namespace resnet;

namespace {

// One image, padded and split: element (c, phase, row, column) in f64.
struct Phases {
  int64_t strideY, strideX, rows, columns;
  std::vector<double> elements;

  const double *map(int64_t channel, int64_t y, int64_t x) const {
    const int64_t phase = channel * strideY * strideX + y % strideY * strideX + x % strideX;
    return elements.data() + phase * rows * columns + y / strideY * columns + x / strideX;
  }
};

} // namespace

// What a convolution reads at (y, x) of a map: memory inside the map and its halo, zero outside.
static double read(TensorView input, int64_t map, int64_t y, int64_t x) {
  const Halo &halo = input.halo;
  const int64_t height = halo.top + input.shape[2] + halo.bottom, width = halo.left + input.shape[3] + halo.right;
  y += halo.top;
  x += halo.left;
  return y >= 0 && y < height && x >= 0 && x < width ? input.elements[(map * height + y) * width + x] : 0.;
}

static Phases split(TensorView input, int64_t image, const reference::Window &w, int64_t outRows, int64_t outColumns) {
  // A single row or column has no stride, however large the attribute.
  const int64_t channels = input.shape[1], strideY = outRows == 1 ? 1 : w.strides[0],
                strideX = outColumns == 1 ? 1 : w.strides[1];
  Phases phases{strideY,
                strideX,
                outRows + (w.kernel[0] - 1) * w.dilations[0] / strideY,
                outColumns + (w.kernel[1] - 1) * w.dilations[1] / strideX,
                {}};
  const int64_t size = phases.rows * phases.columns;
  phases.elements.resize(channels * strideY * strideX * size);
  llvm::parallelFor(0, channels * strideY * strideX, [&](size_t index) {
    const int64_t phase = index % (strideY * strideX), map = image * channels + index / (strideY * strideX);
    double *out = phases.elements.data() + index * size;
    for (int64_t row = 0; row < phases.rows; ++row)
      for (int64_t column = 0; column < phases.columns; ++column)
        *out++ = read(input, map, row * strideY + phase / strideX - w.padding.top,
                      column * strideX + phase % strideX - w.padding.left);
  });
  return phases;
}

Tensor reference::conv2d(TensorView input, TensorView filter, const Window &w, int64_t groups, const Epilogue &epilogue,
                         llvm::ArrayRef<int64_t> shape) {
  Tensor result(shape);
  const int64_t outChannels = shape[1], height = shape[2], width = shape[3];
  const int64_t groupInputs = filter.shape[1], groupOutputs = outChannels / groups;
  for (int64_t n = 0; n < shape[0]; ++n) {
    const Phases phases = split(input, n, w, height, width);
    const int64_t pitch = phases.columns, length = (height - 1) * pitch + width;
    llvm::parallelFor(0, outChannels, [&](size_t o) {
      // Sums between two rows of the result (columns width to pitch) are computed too and dropped.
      std::vector<double> sums(length, epilogue.bias ? epilogue.bias.elements[o] : 0.);
      const float *weight = filter.elements.data() + o * groupInputs * w.kernel[0] * w.kernel[1];
      const int64_t firstInput = o / groupOutputs * groupInputs;
      for (int64_t i = firstInput; i < firstInput + groupInputs; ++i)
        for (int64_t ky = 0; ky < w.kernel[0]; ++ky)
          for (int64_t kx = 0; kx < w.kernel[1]; ++kx) {
            const double factor = *weight++;
            const double *__restrict in = phases.map(i, ky * w.dilations[0], kx * w.dilations[1]);
            double *__restrict sum = sums.data();
            for (int64_t p = 0; p < length; ++p)
              sum[p] += factor * in[p];
          }
      const bool activated = static_cast<int64_t>(o) < epilogue.activatedChannels.value_or(outChannels);
      const Activation activation = activated ? epilogue.activation : Activation::None;
      int64_t index = (n * outChannels + o) * height * width;
      for (int64_t y = 0; y < height; ++y)
        for (int64_t x = 0; x < width; ++x, ++index) {
          double sum = sums[y * pitch + x];
          if (epilogue.addend)
            sum += epilogue.addend.elements[index];
          result.elements[index] = static_cast<float>(activate(activation, sum));
        }
    });
  }
  return result;
}
