// Operators that only rename a shape: on constants they share the elements, on activations they become flatten or vanish.

#include "dialect/Import/OnnxNode.h"

using namespace mlir;
using namespace resnet;

// Sizes for Reshape: 0 copies (unless `allowZero`), -1 is what is left. Reports sizes that do not fit `shape`.
static SmallVector<int64_t> resolveSizes(OnnxNode &node, ArrayRef<int64_t> shape, ArrayRef<int64_t> sizes, bool allowZero) {
  SmallVector<int64_t> resolved(sizes);
  int64_t open = -1;
  for (auto [i, size] : llvm::enumerate(resolved)) {
    if (size == 0 && !allowZero && i < shape.size())
      size = shape[i];
    if (size == -1 && open < 0)
      open = i;
    else if (size < 0)
      open = resolved.size(); // invalid
  }
  const int64_t total = *countElements(shape);
  if (open >= 0 && open < static_cast<int64_t>(resolved.size())) {
    resolved[open] = 1;
    const int64_t others = countElements(resolved).value_or(0);
    resolved[open] = others ? total / others : 0;
  }
  if (countElements(resolved) != total)
    node.error("expected a shape of " + Twine(total) + " elements, as " + formatShape(shape) + " has, got " + formatShape(sizes));
  return resolved;
}

static void foldReshaped(OnnxNode &node, HostTensor tensor, ArrayRef<int64_t> shape) {
  if (node.failed())
    return;
  tensor.shape.assign(shape.begin(), shape.end());
  node.result(std::move(tensor));
}

//===--------------------------------------------------------------------===//
// Shapes of activations
//===--------------------------------------------------------------------===//

void resnet::reshapeActivation(OnnxNode &node, const OnnxActivation &input, ArrayRef<int64_t> shape, size_t at) {
  if (!node.failed() && (shape.empty() || llvm::any_of(shape.drop_front(), ShapedType::isDynamic)))
    node.error("expected a result whose first axis alone is the batch, got shape " + formatShape(shape));
  if (node.failed())
    return;
  auto result = [&](Value value) {
    if (value)
      node.resultAt(at, OnnxActivation{value, llvm::to_vector(shape), input.quantized});
  };
  if (shapeOf(input.value) == shape)
    return result(input.value);
  if (auto flatten = input.value.getDefiningOp<FlattenOp>(); flatten && shapeOf(flatten.getInput()) == shape)
    return result(flatten.getInput());
  if (shape.size() == 2 && shape[0] == shapeOf(input.value)[0])
    return result(node.create<FlattenOp>(input.value));
  result(input.value);
}

static void importShape(OnnxNode &node) {
  node.expectInputs(1, 1);
  const SmallVector<int64_t> shape = node.shape(0);
  if (node.failed())
    return;
  const int64_t rank = shape.size();
  auto bound = [&](StringRef name, int64_t standard) {
    const int64_t at = node.integer(name, standard);
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const int64_t start = bound("start", 0), end = bound("end", rank);
  std::vector<HostTensor::Integer> elements;
  for (int64_t i = start; i < end; ++i)
    elements.push_back(ShapedType::isDynamic(shape[i]) ? HostTensor::Integer() : HostTensor::Integer(shape[i]));
  const int64_t length = elements.size();
  node.result(HostTensor::ofIntegers({length}, std::move(elements)));
}

// With a dynamic batch the first size must stand for it; the others must hold an image's elements.
static void reshapeDynamic(OnnxNode &node, const OnnxActivation &input, ArrayRef<HostTensor::Integer> sizes, bool allowZero) {
  ArrayRef<int64_t> image = ArrayRef(input.shape).drop_front();
  std::string asked;
  for (HostTensor::Integer size : sizes)
    asked += (asked.empty() ? "" : "x") + (size ? std::to_string(*size) : "?");
  if (sizes.empty() || (sizes[0] && *sizes[0] > 0))
    return node.error("expected a shape whose first size follows the dynamic batch (0 or -1), got " + asked +
                      ": the exporter froze the batch; fix it by --shape, or export with a dynamic batch");
  SmallVector<int64_t> rest;
  for (auto [i, size] : llvm::enumerate(sizes.drop_front())) {
    if (!size || (*size == -1 && sizes[0] == -1))
      return node.error("expected the dynamic batch as the first size alone, got " + asked);
    // Zeros copy by position in the whole shape.
    rest.push_back(*size == 0 && !allowZero && i < image.size() ? image[i] : *size);
  }
  // -1 in front takes what is left, which must be the batch: then the rest must be an image's elements exactly.
  SmallVector<int64_t> shape = resolveSizes(node, image, rest, /*allowZero=*/true);
  shape.insert(shape.begin(), ShapedType::kDynamic);
  reshapeActivation(node, input, shape);
}

static void importReshape(OnnxNode &node) {
  node.expectInputs(2, 2);
  const bool allowZero = node.integer("allowzero", 0) != 0;
  HostTensor sizes = node.constant(1);
  if (!node.failed() && (!sizes.holdsIntegers() || sizes.shape.size() != 1))
    node.error("expected a list of integers as the shape");
  const bool constant = node.isConstant(0);
  if (!node.failed() && !constant && ShapedType::isDynamic(node.shape(0)[0]))
    return reshapeDynamic(node, node.activation(0, /*carried=*/true), sizes.integers, allowZero);
  SmallVector<int64_t> list = node.integerInput(1);
  if (node.failed())
    return;
  if (constant) {
    HostTensor tensor = node.constant(0);
    return foldReshaped(node, tensor, resolveSizes(node, tensor.shape, list, allowZero));
  }
  OnnxActivation input = node.activation(0, /*carried=*/true);
  reshapeActivation(node, input, resolveSizes(node, input.shape, list, allowZero));
}

static void importFlatten(OnnxNode &node) {
  node.expectInputs(1, 1);
  OnnxActivation input = node.activation(0, /*carried=*/true);
  const int64_t rank = input.shape.size();
  const int64_t axis = node.integer("axis", 1);
  if (!node.failed() && (axis == rank ? rank : normalizeAxis(node, axis, rank)) != 1)
    node.error("expected axis 1, got " + Twine(axis));
  if (node.failed())
    return;
  SmallVector<int64_t> shape{input.shape[0], *countElements(ArrayRef(input.shape).drop_front())};
  reshapeActivation(node, input, shape);
}

// The axes of Squeeze and Unsqueeze: an attribute up to opset 12, an input from 13 on.
static SmallVector<int64_t> readAxes(OnnxNode &node, int64_t rank) {
  SmallVector<int64_t> axes = node.hasInput(1) ? node.integerInput(1) : node.integers("axes");
  for (int64_t &axis : axes)
    axis = normalizeAxis(node, axis, rank);
  llvm::sort(axes);
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    node.error("expected every axis once, got " + formatShape(axes));
  return axes;
}

static void importSqueezeOrUnsqueeze(OnnxNode &node) {
  node.expectInputs(1, 2);
  const bool constant = node.isConstant(0);
  if (node.failed())
    return;
  HostTensor tensor;
  OnnxActivation input;
  SmallVector<int64_t> shape;
  if (constant) {
    tensor = node.constant(0);
    shape.assign(tensor.shape);
  } else {
    input = node.activation(0, /*carried=*/true);
    shape.assign(input.shape);
  }
  if (node.operation() == "Unsqueeze") {
    const size_t count = node.hasInput(1) ? node.integerInput(1).size() : node.integers("axes").size();
    if (shape.size() + count > 8)
      return node.error("expected at most 8 dimensions, got " + Twine(shape.size() + count));
    for (int64_t axis : readAxes(node, shape.size() + count))
      if (!node.failed())
        shape.insert(shape.begin() + axis, 1);
  } else {
    SmallVector<int64_t> axes = readAxes(node, shape.size());
    if (axes.empty() && !constant && ShapedType::isDynamic(shape[0]))
      node.error("expected the axes to squeeze, as the batch is dynamic");
    if (axes.empty())
      for (auto [i, dim] : llvm::enumerate(shape))
        if (dim == 1)
          axes.push_back(i);
    for (int64_t axis : llvm::reverse(axes)) {
      if (node.failed())
        return;
      if (shape[axis] != 1)
        return node.error("expected axis " + Twine(axis) + " to be of size 1, got shape " + formatShape(shape));
      shape.erase(shape.begin() + axis);
    }
    if (shape.empty() && !constant)
      return node.error("expected a result with a batch, got a scalar");
  }
  constant ? foldReshaped(node, tensor, shape) : reshapeActivation(node, input, shape);
}

void resnet::addReshapeTranslations(OnnxTranslations &table) {
  table["Shape"] = {importShape, OnnxOperands::Both};
  table["Reshape"] = {importReshape, OnnxOperands::Both};
  table["Flatten"] = {importFlatten};
  table["Squeeze"] = {importSqueezeOrUnsqueeze, OnnxOperands::Both};
  table["Unsqueeze"] = {importSqueezeOrUnsqueeze, OnnxOperands::Both};
}
