// Pools, dense layers and movements of data, by definition.

#include "dialect/Interpreter/Reference.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Parallel.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace resnet;

//===--------------------------------------------------------------------===//
// Pools
//===--------------------------------------------------------------------===//

// Fills each map of the result by `element(input map, y, x)`.
template <typename Element> static Tensor forEachMap(TensorView input, llvm::ArrayRef<int64_t> shape, Element element) {
  Tensor result(shape);
  const int64_t inSize = input.shape[2] * input.shape[3], height = shape[2], width = shape[3];
  llvm::parallelFor(0, shape[0] * shape[1], [&](size_t map) {
    const float *in = input.elements.data() + map * inSize;
    float *out = result.elements.data() + map * height * width;
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        *out++ = static_cast<float>(element(in, y, x));
  });
  return result;
}

// Padding never wins, NaN always does.
Tensor reference::maxPool2d(TensorView input, const Window &w, llvm::ArrayRef<int64_t> shape) {
  const int64_t height = input.shape[2], width = input.shape[3];
  return forEachMap(input, shape, [&](const float *in, int64_t y, int64_t x) {
    float largest = -std::numeric_limits<float>::infinity();
    for (int64_t ky = 0; ky < w.kernel[0]; ++ky)
      for (int64_t kx = 0; kx < w.kernel[1]; ++kx) {
        const int64_t iy = y * w.strides[0] + ky * w.dilations[0] - w.padding.top;
        const int64_t ix = x * w.strides[1] + kx * w.dilations[1] - w.padding.left;
        if (iy < 0 || iy >= height || ix < 0 || ix >= width)
          continue;
        const float value = in[iy * width + ix];
        if (value > largest || std::isnan(value))
          largest = value;
      }
    return largest;
  });
}

Tensor reference::avgPool2d(TensorView input, const Window &w, bool countIncludePad, llvm::ArrayRef<int64_t> shape) {
  const int64_t height = input.shape[2], width = input.shape[3];
  return forEachMap(input, shape, [&](const float *in, int64_t y, int64_t x) {
    // The window within the padded input: a window that ceil_mode lets hang over ends there.
    const int64_t top = y * w.strides[0] - w.padding.top, left = x * w.strides[1] - w.padding.left;
    const int64_t bottom = std::min(top + w.kernel[0], height + w.padding.bottom);
    const int64_t right = std::min(left + w.kernel[1], width + w.padding.right);
    double sum = 0;
    int64_t inside = 0;
    for (int64_t iy = std::max<int64_t>(top, 0); iy < std::min(bottom, height); ++iy)
      for (int64_t ix = std::max<int64_t>(left, 0); ix < std::min(right, width); ++ix, ++inside)
        sum += in[iy * width + ix];
    return sum / static_cast<double>(countIncludePad ? (bottom - top) * (right - left) : inside);
  });
}

Tensor reference::globalAvgPool(TensorView input) {
  const int64_t size = input.shape[2] * input.shape[3];
  return forEachMap(input, {input.shape[0], input.shape[1], 1, 1}, [&](const float *in, int64_t, int64_t) {
    double sum = 0;
    for (int64_t i = 0; i < size; ++i)
      sum += in[i];
    return sum / static_cast<double>(size);
  });
}

Tensor reference::globalMaxPool(TensorView input) {
  return maxPool2d(input, {{input.shape[2], input.shape[3]}, {1, 1}, {1, 1}, {}}, {input.shape[0], input.shape[1], 1, 1});
}

//===--------------------------------------------------------------------===//
// Dense layers
//===--------------------------------------------------------------------===//

Tensor reference::linear(TensorView input, TensorView weight, TensorView bias) {
  const int64_t outs = weight.shape[0], ins = weight.shape[1];
  Tensor result({input.shape[0], outs});
  llvm::parallelFor(0, result.elements.size(), [&](size_t index) {
    const float *x = input.elements.data() + index / outs * ins, *w = weight.elements.data() + index % outs * ins;
    double sum = bias ? bias.elements[index % outs] : 0.;
    for (int64_t i = 0; i < ins; ++i)
      sum += static_cast<double>(w[i]) * x[i];
    result.elements[index] = static_cast<float>(sum);
  });
  return result;
}

Tensor reference::softmax(TensorView input, bool log) {
  Tensor result(input.shape);
  const int64_t features = input.shape[1];
  for (int64_t n = 0; n < input.shape[0]; ++n) {
    llvm::ArrayRef<float> x = input.elements.slice(n * features, features);
    const double largest = *std::max_element(x.begin(), x.end());
    double sum = 0;
    for (float value : x)
      sum += std::exp(value - largest);
    for (auto [i, value] : llvm::enumerate(x)) {
      const double exponent = value - largest;
      result.elements[n * features + i] = static_cast<float>(log ? exponent - std::log(sum) : std::exp(exponent) / sum);
    }
  }
  return result;
}

Tensor reference::head(TensorView input, TensorView weight, TensorView bias, bool softmax, bool log) {
  Tensor pooled = globalAvgPool(input);
  Tensor result = linear(pooled, weight, bias);
  return softmax ? reference::softmax(result, log) : result;
}

//===--------------------------------------------------------------------===//
// Movements
//===--------------------------------------------------------------------===//

Tensor reference::copy(TensorView input, std::array<int64_t, 3> offsets, std::array<int64_t, 3> strides, float fill,
                       llvm::ArrayRef<int64_t> shape) {
  Tensor result(shape);
  const int64_t channels = input.shape[1], height = input.shape[2], width = input.shape[3];
  float *out = result.elements.data();
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t c = 0; c < shape[1]; ++c)
      for (int64_t y = 0; y < shape[2]; ++y)
        for (int64_t x = 0; x < shape[3]; ++x) {
          const int64_t ic = c * strides[0] + offsets[0], iy = y * strides[1] + offsets[1], ix = x * strides[2] + offsets[2];
          const bool inside = ic >= 0 && ic < channels && iy >= 0 && iy < height && ix >= 0 && ix < width;
          *out++ = inside ? input.elements[((n * channels + ic) * height + iy) * width + ix] : fill;
        }
  return result;
}

// The element of a dimension of `size` that padding shows at `index`, which may lie outside.
static int64_t sourceIndex(int64_t index, int64_t size, PadMode mode) {
  if (mode == PadMode::Reflect)
    return index < 0 ? -index : index >= size ? 2 * (size - 1) - index : index;
  return std::clamp<int64_t>(index, 0, size - 1);
}

Tensor reference::pad(TensorView input, std::array<int64_t, 3> low, PadMode mode, float value, llvm::ArrayRef<int64_t> shape) {
  if (mode == PadMode::Constant)
    return copy(input, {-low[0], -low[1], -low[2]}, {1, 1, 1}, value, shape);
  Tensor result(shape);
  const int64_t channels = input.shape[1], height = input.shape[2], width = input.shape[3];
  float *out = result.elements.data();
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t c = 0; c < shape[1]; ++c)
      for (int64_t y = 0; y < shape[2]; ++y) {
        const int64_t map = n * channels + sourceIndex(c - low[0], channels, mode);
        const float *row = input.elements.data() + (map * height + sourceIndex(y - low[1], height, mode)) * width;
        for (int64_t x = 0; x < shape[3]; ++x)
          *out++ = row[sourceIndex(x - low[2], width, mode)];
      }
  return result;
}

Tensor reference::expand(TensorView input, llvm::ArrayRef<int64_t> shape) {
  return forEachMap(input, shape, [](const float *in, int64_t, int64_t) { return *in; });
}

Tensor reference::concat(llvm::ArrayRef<TensorView> inputs, llvm::ArrayRef<int64_t> shape) {
  Tensor result(shape);
  auto out = result.elements.begin();
  for (int64_t n = 0; n < shape[0]; ++n)
    for (TensorView input : inputs) {
      const int64_t image = input.shape[1] * shape[2] * shape[3];
      out = llvm::copy(input.elements.slice(n * image, image), out);
    }
  return result;
}

Tensor reference::transpose(TensorView input, llvm::ArrayRef<int64_t> permutation) {
  int64_t strides[4], stride = 1;
  for (int i = 3; i >= 0; --i) {
    strides[i] = stride;
    stride *= input.shape[i];
  }
  Tensor result(
      {input.shape[permutation[0]], input.shape[permutation[1]], input.shape[permutation[2]], input.shape[permutation[3]]});
  float *out = result.elements.data();
  for (int64_t a = 0; a < result.shape[0]; ++a)
    for (int64_t b = 0; b < result.shape[1]; ++b)
      for (int64_t c = 0; c < result.shape[2]; ++c)
        for (int64_t d = 0; d < result.shape[3]; ++d)
          *out++ = input.elements[a * strides[permutation[0]] + b * strides[permutation[1]] + c * strides[permutation[2]] +
                                  d * strides[permutation[3]]];
  return result;
}
