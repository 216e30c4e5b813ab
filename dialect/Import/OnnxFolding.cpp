// Arithmetic on constants, with NumPy's broadcasting.

#include "dialect/Import/OnnxFolding.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// Broadcasting
//===--------------------------------------------------------------------===//

std::optional<SmallVector<int64_t>> resnet::broadcastShapes(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  SmallVector<int64_t> shape(std::max(a.size(), b.size()), 1);
  for (ArrayRef<int64_t> s : {a, b})
    for (size_t i = 0; i < s.size(); ++i) {
      int64_t &dim = shape[shape.size() - s.size() + i];
      if (dim != 1 && s[i] != 1 && dim != s[i])
        return std::nullopt;
      dim = s[i] == 1 ? dim : s[i];
    }
  return shape;
}

int64_t resnet::broadcastIndex(int64_t i, ArrayRef<int64_t> shape, ArrayRef<int64_t> from) {
  int64_t index = 0, stride = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    const int64_t at = i % shape[shape.size() - 1 - d];
    i /= shape[shape.size() - 1 - d];
    if (d >= from.size())
      continue;
    const int64_t dim = from[from.size() - 1 - d];
    index += dim == 1 ? 0 : at * stride;
    stride *= dim;
  }
  return index;
}

//===--------------------------------------------------------------------===//
// Two operands
//===--------------------------------------------------------------------===//

static float applyFloat(StringRef operation, float a, float b) {
  return operation == "Mul" ? a * b : operation == "Div" ? a / b : operation == "Sub" ? a - b : a + b;
}

// Nothing on overflow and division by zero.
static std::optional<int64_t> applyInteger(StringRef operation, int64_t a, int64_t b) {
  int64_t result;
  if (operation == "Div")
    return b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min()) ? std::nullopt : std::optional(a / b);
  const bool overflow = operation == "Mul"   ? __builtin_mul_overflow(a, b, &result)
                        : operation == "Sub" ? __builtin_sub_overflow(a, b, &result)
                                             : __builtin_add_overflow(a, b, &result);
  return overflow ? std::nullopt : std::optional(result);
}

// The dynamic batch survives what leaves it as it is.
static bool keepsBatch(StringRef operation, HostTensor::Integer a, HostTensor::Integer b) {
  if (operation == "Mul")
    return a == 1 || b == 1;
  if (operation == "Div")
    return b == 1;
  return b == 0 || (a == 0 && operation != "Sub");
}

void resnet::foldBinary(OnnxNode &node, const HostTensor &a, const HostTensor &b) {
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(a.shape, b.shape);
  if (node.failed())
    return;
  if (a.kind != b.kind || (!a.isFloat() && !a.holdsIntegers()) || !shape || !countElements(*shape))
    return node.error("expected operands of one type and of shapes that broadcast, got " + formatShape(a.shape) + " and " +
                      formatShape(b.shape));
  StringRef operation = node.operation();
  const int64_t count = *countElements(*shape);
  if (a.isFloat() && !a.floats && !b.floats)
    return node.result(HostTensor::ofSplat(*shape, applyFloat(operation, a.splat, b.splat)));
  if (!node.reserve(count))
    return;
  if (a.isFloat()) {
    std::shared_ptr<float> data = allocateFloats(count);
    if (!data)
      return node.error("cannot allocate " + Twine(count) + " elements");
    for (int64_t i = 0; i < count; ++i)
      data.get()[i] =
          applyFloat(operation, a.floatAt(broadcastIndex(i, *shape, a.shape)), b.floatAt(broadcastIndex(i, *shape, b.shape)));
    return node.result(HostTensor::ofFloats(*shape, std::move(data)));
  }
  std::vector<HostTensor::Integer> elements(count);
  for (int64_t i = 0; i < count; ++i) {
    HostTensor::Integer x = a.integers[broadcastIndex(i, *shape, a.shape)], y = b.integers[broadcastIndex(i, *shape, b.shape)];
    if (!x || !y) {
      if (!keepsBatch(operation, x, y))
        return node.error("expected arithmetic that does not depend on the dynamic batch");
      continue;
    }
    elements[i] = applyInteger(operation, *x, *y);
    if (!elements[i])
      return node.error("expected a result in 64 bits, got " + Twine(*x) + " and " + Twine(*y));
  }
  node.result(HostTensor::ofIntegers(*shape, std::move(elements)));
}

static void importEqual(OnnxNode &node) {
  node.expectInputs(2, 2);
  const HostTensor a = node.constant(0), b = node.constant(1);
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(a.shape, b.shape);
  if (node.failed())
    return;
  if (!a.holdsIntegers() || !b.holdsIntegers() || !shape || !countElements(*shape))
    return node.error("expected integers of shapes that broadcast, got " + formatShape(a.shape) + " and " + formatShape(b.shape));
  const int64_t count = *countElements(*shape);
  if (!node.reserve(count))
    return;
  std::vector<HostTensor::Integer> elements(count);
  for (int64_t i = 0; i < count; ++i) {
    HostTensor::Integer x = a.integers[broadcastIndex(i, *shape, a.shape)], y = b.integers[broadcastIndex(i, *shape, b.shape)];
    // A batch is at least 1: no marker of shapes, 0 or -1, equals it.
    const bool differs = (!x && y && *y < 1) || (!y && x && *x < 1);
    if ((!x || !y) && !differs)
      return node.error("expected a comparison that does not depend on the dynamic batch");
    elements[i] = !differs && *x == *y;
  }
  node.result(HostTensor::ofIntegers(*shape, std::move(elements)));
}

static void importWhere(OnnxNode &node) {
  node.expectInputs(3, 3);
  const HostTensor condition = node.constant(0), a = node.constant(1), b = node.constant(2);
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(a.shape, b.shape);
  if (shape)
    shape = broadcastShapes(condition.shape, *shape);
  if (node.failed())
    return;
  if (!condition.holdsIntegers() || !a.holdsIntegers() || !b.holdsIntegers() || !shape || !countElements(*shape))
    return node.error("expected integers of shapes that broadcast, got " + formatShape(condition.shape) + ", " +
                      formatShape(a.shape) + " and " + formatShape(b.shape));
  const int64_t count = *countElements(*shape);
  if (!node.reserve(count))
    return;
  std::vector<HostTensor::Integer> elements(count);
  for (int64_t i = 0; i < count; ++i) {
    const HostTensor::Integer chosen = condition.integers[broadcastIndex(i, *shape, condition.shape)];
    if (!chosen)
      return node.error("expected a condition that does not depend on the dynamic batch");
    const HostTensor &from = *chosen ? a : b;
    elements[i] = from.integers[broadcastIndex(i, *shape, from.shape)];
  }
  node.result(HostTensor::ofIntegers(*shape, std::move(elements)));
}

//===--------------------------------------------------------------------===//
// One operand
//===--------------------------------------------------------------------===//

HostTensor resnet::transformed(OnnxNode &node, const HostTensor &tensor, function_ref<float(float)> function) {
  if (node.failed() || !tensor.floats)
    return HostTensor::ofSplat(tensor.shape, function(tensor.splat), tensor.kind);
  const int64_t count = tensor.count();
  std::shared_ptr<float> data = node.reserve(count) ? allocateFloats(count) : nullptr;
  if (!data) {
    node.error("cannot allocate " + Twine(count) + " elements");
    return tensor;
  }
  std::transform(tensor.floats.get(), tensor.floats.get() + count, data.get(), function);
  return HostTensor::ofFloats(tensor.shape, std::move(data), tensor.kind);
}

void resnet::foldUnary(OnnxNode &node) {
  node.expectInputs(1, 1);
  HostTensor input = node.constant(0);
  if (node.failed())
    return;
  const bool negate = node.operation() == "Neg";
  if (input.isFloat())
    return node.result(transformed(node, input, [&](float x) { return negate ? -x : std::floor(x); }));
  if (!input.holdsIntegers())
    return node.error("expected floats or integers of shape arithmetic, got quantized weights");
  if (!node.reserve(input.count()))
    return;
  for (HostTensor::Integer &element : input.integers) {
    if (negate && (!element || *element == std::numeric_limits<int64_t>::min()))
      return node.error("expected integers that can be negated");
    if (negate)
      *element = -*element;
  }
  node.result(std::move(input));
}

void resnet::addArithmeticTranslations(OnnxTranslations &table) {
  table["Floor"] = {foldUnary, OnnxOperands::Constants};
  table["Equal"] = {importEqual, OnnxOperands::Constants};
  table["Where"] = {importWhere, OnnxOperands::Constants};
}
