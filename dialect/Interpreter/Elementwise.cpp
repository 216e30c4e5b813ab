// Operations on elements and normalisations, by definition.

#include "dialect/Interpreter/Reference.h"
#include "llvm/Support/Parallel.h"
#include <cmath>

using namespace resnet;

// Elements of one channel of an image: [N, C, ...].
static int64_t mapSize(llvm::ArrayRef<int64_t> shape) {
  int64_t size = 1;
  for (int64_t dim : shape.drop_front(2))
    size *= dim;
  return size;
}

// Result element i is `element(i, map of i)`, the map being n * C + c.
template <typename Element> static Tensor forEachElement(TensorView input, Element element) {
  Tensor result(input.shape);
  const int64_t size = mapSize(input.shape);
  llvm::parallelFor(0, input.elements.size() / std::max<int64_t>(size, 1), [&](size_t map) {
    for (int64_t i = map * size; i < static_cast<int64_t>(map + 1) * size; ++i)
      result.elements[i] = static_cast<float>(element(i, static_cast<int64_t>(map)));
  });
  return result;
}

Tensor reference::batchNorm(TensorView input, TensorView scale, TensorView offset, TensorView mean, TensorView variance,
                            double epsilon) {
  return forEachElement(input, [&](int64_t i, int64_t map) {
    const int64_t c = map % input.shape[1];
    return (static_cast<double>(input.elements[i]) - mean.elements[c]) / std::sqrt(variance.elements[c] + epsilon) *
               scale.elements[c] +
           offset.elements[c];
  });
}

// Two passes over each group, for a variance far below the mean's square.
Tensor reference::groupNorm(TensorView input, TensorView scale, TensorView offset, int64_t groups, double epsilon) {
  const int64_t size = mapSize(input.shape), channels = input.shape[1], perGroup = channels / groups;
  std::vector<double> means(input.shape[0] * groups), deviations(means.size());
  llvm::parallelFor(0, means.size(), [&](size_t group) {
    llvm::ArrayRef<float> elements = input.elements.slice(group * perGroup * size, perGroup * size);
    double sum = 0, squares = 0;
    for (float x : elements)
      sum += x;
    const double mean = sum / static_cast<double>(elements.size());
    for (float x : elements)
      squares += (x - mean) * (x - mean);
    means[group] = mean;
    deviations[group] = std::sqrt(squares / static_cast<double>(elements.size()) + epsilon);
  });
  return forEachElement(input, [&](int64_t i, int64_t map) {
    const int64_t c = map % channels, group = map / perGroup;
    return (input.elements[i] - means[group]) / deviations[group] * scale.elements[c] + offset.elements[c];
  });
}

// max(min(x, max), min) that keeps NaN.
static double clamp(double value, double min, double max) { return value < min ? min : value > max ? max : value; }

static double hardSigmoid(double value, double slope, double offset) { return clamp(slope * value + offset, 0, 1); }

double reference::activate(Activation activation, double value) {
  constexpr float kSlope = 1.0f / 6.0f;
  switch (activation) {
  case Activation::None:
    return value;
  case Activation::Relu:
    return value < 0 ? 0. : value;
  case Activation::Relu6:
    return ::clamp(value, 0, 6);
  case Activation::Sigmoid:
    return 1 / (1 + std::exp(-value));
  case Activation::Silu:
    return value / (1 + std::exp(-value));
  case Activation::HardSigmoid:
    return ::hardSigmoid(value, kSlope, 0.5);
  case Activation::HardSwish:
    return value * ::hardSigmoid(value, kSlope, 0.5);
  }
  llvm_unreachable("every activation is computed");
}

Tensor reference::elementwise(TensorView input, TensorView scale, TensorView shift, TensorView gate, TensorView addend,
                              Activation activation) {
  return forEachElement(input, [&](int64_t i, int64_t map) {
    double value = input.elements[i];
    if (scale)
      value = value * scale.elements[map % input.shape[1]] + shift.elements[map % input.shape[1]];
    if (gate)
      value *= gate.elements[map];
    if (addend)
      value += addend.elements[i];
    return activate(activation, value);
  });
}

Tensor reference::multiply(TensorView lhs, TensorView rhs) {
  const bool gate = lhs.shape != rhs.shape;
  return forEachElement(
      lhs, [&](int64_t i, int64_t map) { return static_cast<double>(lhs.elements[i]) * rhs.elements[gate ? map : i]; });
}

Tensor reference::hardSigmoid(TensorView input, double slope, double offset) {
  return forEachElement(input, [&](int64_t i, int64_t) { return ::hardSigmoid(input.elements[i], slope, offset); });
}

Tensor reference::clip(TensorView input, double min, double max) {
  return forEachElement(input, [&](int64_t i, int64_t) { return ::clamp(input.elements[i], min, max); });
}

// The quotient is f32: in f64 a tie of it would fall to either side.
Tensor reference::fakeQuantize(TensorView input, float scale, double zeroPoint, double low, double high) {
  return forEachElement(input, [&](int64_t i, int64_t) {
    const float quotient = input.elements[i] / scale;
    return (::clamp(std::nearbyint(static_cast<double>(quotient)) + zeroPoint, low, high) - zeroPoint) * scale;
  });
}
