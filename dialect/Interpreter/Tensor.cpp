// Seeded values and comparison of tensors.

#include "dialect/Interpreter/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace resnet;

bool resnet::isTooLarge(llvm::ArrayRef<int64_t> shape) {
  int64_t elements = 1;
  for (int64_t size : shape)
    if (size > kMostElements || (elements *= size) > kMostElements)
      return true;
  return false;
}

static int64_t numElements(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

Tensor::Tensor(llvm::ArrayRef<int64_t> shape) : shape(shape), elements(numElements(shape)) {}

Tensor::Tensor(llvm::ArrayRef<int64_t> shape, std::vector<float> elements) : shape(shape), elements(std::move(elements)) {}

// The standard library's distributions differ between implementations; SplitMix64 (Steele, Lea and Flood, 2014) is four lines.
static uint64_t splitMix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Tensor resnet::randomInput(llvm::ArrayRef<int64_t> shape, uint64_t seed) {
  Tensor tensor(shape);
  const uint64_t start = splitMix(seed);
  for (auto [index, element] : llvm::enumerate(tensor.elements)) // 24 bits: every value is exact
    element = static_cast<float>(splitMix(start + index) >> 40) * 0x1p-23f - 1.f;
  return tensor;
}

double resnet::relativeDifference(TensorView reference, TensorView result) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (reference.shape != result.shape)
    return infinity;
  double difference = 0, largest = 0;
  for (auto [a, b] : llvm::zip_equal(reference.elements, result.elements)) {
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    if (!std::isfinite(a) || !std::isfinite(b))
      return infinity;
    difference = std::max(difference, std::abs(static_cast<double>(a) - b));
  }
  for (float a : reference.elements)
    if (std::isfinite(a))
      largest = std::max(largest, std::abs(static_cast<double>(a)));
  return difference == 0 ? 0 : difference / largest;
}

bool resnet::isFinite(TensorView tensor) {
  return llvm::all_of(tensor.elements, [](float element) { return std::isfinite(element); });
}
