// Element-wise operators and the head: on activations as operations, on constants folded.

#include "dialect/Import/OnnxNode.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// Folding, with NumPy's broadcasting
//===--------------------------------------------------------------------===//

static std::optional<SmallVector<int64_t>> broadcast(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
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

// Position in a tensor of shape `from` of the element that position `i` of the broadcast `shape` reads.
static int64_t broadcastIndex(int64_t i, ArrayRef<int64_t> shape, ArrayRef<int64_t> from) {
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

static void foldBinary(OnnxNode &node, const HostTensor &a, const HostTensor &b) {
  std::optional<SmallVector<int64_t>> shape = broadcast(a.shape, b.shape);
  if (node.failed())
    return;
  if (a.kind != b.kind || !shape || !countElements(*shape))
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

static void foldUnary(OnnxNode &node) {
  node.expectInputs(1, 1);
  HostTensor input = node.constant(0);
  if (node.failed() || !node.reserve(input.floats || !input.isFloat() ? input.count() : 0))
    return;
  const bool negate = node.operation() == "Neg";
  auto apply = [&](float x) { return negate ? -x : std::floor(x); };
  if (!input.isFloat()) {
    for (HostTensor::Integer &element : input.integers) {
      if (negate && (!element || *element == std::numeric_limits<int64_t>::min()))
        return node.error("expected integers that can be negated");
      if (negate)
        *element = -*element;
    }
    return node.result(std::move(input));
  }
  if (!input.floats)
    return node.result(HostTensor::ofSplat(input.shape, apply(input.splat)));
  std::shared_ptr<float> data = allocateFloats(input.count());
  if (!data)
    return node.error("cannot allocate " + Twine(input.count()) + " elements");
  std::transform(input.floats.get(), input.floats.get() + input.count(), data.get(), apply);
  node.result(HostTensor::ofFloats(input.shape, std::move(data)));
}

//===--------------------------------------------------------------------===//
// Sums
//===--------------------------------------------------------------------===//

// A constant added to the result of a convolution or a linear layer is its bias: [C], [1, C], [C, 1, 1] or [1, C, 1, 1],
// as it aligns with the result's channels. The biased operation stands beside the old one, which other names may still mean:
// where none does, the import's last step removes it.
static void importBias(OnnxNode &node, size_t activationAt, size_t constantAt) {
  Value input = node.value(activationAt);
  HostTensor bias = node.constant(constantAt);
  if (node.failed())
    return;
  auto shape = cast<RankedTensorType>(input.getType()).getShape();
  const int64_t channels = shape[1];
  SmallVector<int64_t> padded(std::max<size_t>(shape.size(), bias.shape.size()) - bias.shape.size(), 1);
  padded.append(bias.shape.begin(), bias.shape.end());
  SmallVector<int64_t> expected(shape.size(), 1);
  expected[1] = channels;
  Operation *producer = input.getDefiningOp();
  auto linear = dyn_cast_or_null<LinearOp>(producer);
  auto conv = dyn_cast_or_null<Conv2dOp>(producer);
  if (!bias.isFloat() || padded != expected || !((linear && !linear.getBias()) || (conv && !conv.getBias())))
    return node.error("expected a constant operand to be the bias of the convolution or linear layer before, of shape " +
                      formatShape(expected) + ", got shape " + formatShape(bias.shape));
  const bool shared = bias.shape.size() == 1;
  bias.shape = {channels};
  Value vector = node.weight(bias, node.inputName(constantAt), shared);
  node.location = FusedLoc::get(node.location.getContext(), {producer->getLoc(), node.location});
  node.result(linear ? node.create<LinearOp>(linear.getInput(), linear.getWeight(), vector)
                     : node.create<Conv2dOp>(conv.getInput(), conv.getFilter(), vector, conv.getStrides(), conv.getPadding(),
                                             conv.getDilations(), conv.getGroups()));
}

static void importAdd(OnnxNode &node) {
  node.expectInputs(2, 2);
  if (node.allConstant())
    return foldBinary(node, node.constant(0), node.constant(1));
  if (node.failed())
    return;
  if (node.isConstant(0) || node.isConstant(1))
    return importBias(node, node.isConstant(0) ? 1 : 0, node.isConstant(0) ? 0 : 1);
  node.result(node.create<AddOp>(node.value(0), node.value(1)));
}

static void importSum(OnnxNode &node) {
  if (node.numInputs() == 2)
    return importAdd(node);
  node.expectInputs(1, 1024);
  Value sum = node.value(0);
  for (size_t i = 1; i < node.numInputs() && !node.failed(); ++i) {
    Value operand = node.value(i);
    sum = node.create<AddOp>(sum, operand);
  }
  node.result(sum);
}

static void foldOnly(OnnxNode &node) {
  node.expectInputs(2, 2);
  if (node.failed())
    return;
  if (!node.allConstant())
    return node.error("unsupported operator on activations");
  foldBinary(node, node.constant(0), node.constant(1));
}

//===--------------------------------------------------------------------===//
// Activations, linear layers, softmax
//===--------------------------------------------------------------------===//

static void importRelu(OnnxNode &node) {
  node.expectInputs(1, 1);
  Value input = node.value(0);
  node.result(node.create<ReluOp>(input));
}

// `matrix` [K, N] as [N, K], or as it is, times `factor`. Shares the data where nothing changes.
static HostTensor linearWeight(OnnxNode &node, const HostTensor &matrix, bool transpose, float factor) {
  if (node.failed() || (!transpose && factor == 1))
    return matrix;
  const int64_t rows = matrix.shape[0], columns = matrix.shape[1];
  SmallVector<int64_t> shape = transpose ? SmallVector<int64_t>{columns, rows} : SmallVector<int64_t>{rows, columns};
  if (!matrix.floats)
    return HostTensor::ofSplat(shape, matrix.splat * factor);
  if (!node.reserve(rows * columns))
    return matrix;
  std::shared_ptr<float> data = allocateFloats(rows * columns);
  if (!data) {
    node.error("cannot allocate " + Twine(rows * columns) + " elements");
    return matrix;
  }
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      data.get()[transpose ? c * rows + r : r * columns + c] = matrix.floats.get()[r * columns + c] * factor;
  return HostTensor::ofFloats(shape, std::move(data));
}

static HostTensor matrixInput(OnnxNode &node, size_t i) {
  HostTensor matrix = node.constant(i);
  if (!node.failed() && (!matrix.isFloat() || matrix.shape.size() != 2))
    node.error("expected '" + node.inputName(i) + "' to be a float matrix, got shape " + formatShape(matrix.shape));
  return matrix;
}

static void importGemm(OnnxNode &node) {
  node.expectInputs(2, 3);
  Value input = node.value(0, 2);
  HostTensor matrix = matrixInput(node, 1);
  const float alpha = node.real("alpha", 1), beta = node.real("beta", 1);
  const bool transposed = node.integer("transB", 0) != 0;
  if (node.integer("transA", 0) != 0)
    node.error("expected transA 0, got an input whose batch comes last");
  HostTensor weight = linearWeight(node, matrix, !transposed, alpha);
  Value filter = node.weight(weight, node.inputName(1), /*shared=*/transposed && alpha == 1);
  Value bias;
  if (node.hasInput(2) && !node.failed()) {
    const HostTensor given = node.constant(2);
    const int64_t features = weight.shape[0];
    // [N], [1, N] and a single element broadcast over the batch.
    const bool single = !node.failed() && given.count() == 1;
    if (!node.failed() && (!given.isFloat() || given.shape.size() > 2 || (given.shape.size() == 2 && given.shape[0] != 1) ||
                           (!single && given.shape.back() != features)))
      node.error("expected a bias of " + Twine(features) + " elements, got '" + node.inputName(2) + "' of shape " +
                 formatShape(given.shape));
    HostTensor vector = given;
    const bool changed = beta != 1 || given.shape.size() != 1 || given.count() != features;
    if (!node.failed() && single && features != 1)
      vector = HostTensor::ofSplat({features}, given.floatAt(0) * beta);
    else if (!node.failed() && changed) {
      vector.shape = {1, features};
      vector = linearWeight(node, vector, false, beta);
      vector.shape = {features};
    }
    bias = node.weight(vector, node.inputName(2), /*shared=*/!changed);
  }
  node.result(node.create<LinearOp>(input, filter, bias));
}

static void importMatMul(OnnxNode &node) {
  node.expectInputs(2, 2);
  Value input = node.value(0, 2);
  HostTensor weight = linearWeight(node, matrixInput(node, 1), true, 1);
  Value filter = node.weight(weight, node.inputName(1), /*shared=*/false);
  node.result(node.create<LinearOp>(input, filter, Value()));
}

// On [N, F] the older definition (all axes from `axis` on, default 1) and the newer one (that axis, default -1) agree.
static void importSoftmax(OnnxNode &node) {
  node.expectInputs(1, 1);
  Value input = node.value(0, 2);
  const int64_t axis = normalizeAxis(node, node.integer("axis", node.opset() < 13 ? 1 : -1), 2);
  if (!node.failed() && axis != 1)
    node.error("expected softmax over the features, axis 1, got axis " + Twine(axis));
  node.result(node.create<SoftmaxOp>(input));
}

void resnet::addArithmeticTranslations(OnnxTranslations &table) {
  table["Add"] = importAdd;
  table["Sum"] = importSum;
  for (StringRef operation : {"Mul", "Sub", "Div"})
    table[operation] = foldOnly;
  for (StringRef operation : {"Floor", "Neg"})
    table[operation] = foldUnary;
  table["Relu"] = importRelu;
  table["Gemm"] = importGemm;
  table["MatMul"] = importMatMul;
  table["Softmax"] = importSoftmax;
}
