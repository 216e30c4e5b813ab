// Fully connected layers, and the softmax behind them.

#include "dialect/Import/OnnxNode.h"

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// Gemm, MatMul
//===--------------------------------------------------------------------===//

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
  if (node.opset() < 7)
    node.ignore({"broadcast"}); // of the bias, which is one for all images in any case
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

//===--------------------------------------------------------------------===//
// Softmax
//===--------------------------------------------------------------------===//

// Up to opset 12 it covers all axes from `axis` on (default 1), from 13 on that axis alone (default -1). Either is softmax over
// the features of an image where the other axes behind the batch have one element.
static void importSoftmax(OnnxNode &node) {
  node.expectInputs(1, 1);
  const OnnxActivation input = node.activation(0);
  const int64_t rank = input.shape.size();
  const bool coerces = node.opset() < 13;
  const int64_t axis = normalizeAxis(node, node.integer("axis", coerces ? 1 : -1), std::max<int64_t>(rank, 1));
  if (node.failed())
    return;
  bool covers = rank > 1 && axis > 0;
  for (int64_t d = 1; d < rank; ++d)
    covers &= d == axis || (coerces && d > axis) || input.shape[d] == 1;
  if (!covers)
    return node.error("expected softmax over all features of an image, got axis " + Twine(axis) + " of shape " +
                      formatShape(input.shape));
  const int64_t features = *countElements(ArrayRef(input.shape).drop_front());
  Value flat = node.reshaped(input, {input.shape[0], features});
  Value probabilities = node.create<SoftmaxOp>(flat, node.operation() == "LogSoftmax");
  if (probabilities)
    node.result(OnnxActivation{probabilities, input.shape});
}

void resnet::addHeadTranslations(OnnxTranslations &table) {
  table["Gemm"] = {importGemm};
  table["MatMul"] = {importMatMul};
  table["Softmax"] = {importSoftmax};
  table["LogSoftmax"] = {importSoftmax};
}
