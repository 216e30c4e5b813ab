// Operators that move elements: on constants they are folded (torch computes pads so), on activations they become slice, concat
// and transpose.

#include "dialect/IR/Geometry.h"
#include "dialect/Import/OnnxFolding.h"
#include <limits>
#include <numeric>

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// Folding
//===--------------------------------------------------------------------===//

SmallVector<int64_t> resnet::stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

void resnet::foldMoved(OnnxNode &node, const HostTensor &source, ArrayRef<int64_t> shape, function_ref<int64_t(int64_t)> index,
                       size_t at) {
  std::optional<int64_t> count = countElements(shape);
  if (!node.failed() && !count)
    node.error("expected a constant that fits into memory, got shape " + formatShape(shape));
  if (node.failed())
    return;
  if (!source.holdsIntegers() && !source.floats)
    return node.resultAt(at, HostTensor::ofSplat(shape, source.splat, source.kind));
  if (!node.reserve(*count))
    return;
  if (source.holdsIntegers()) {
    std::vector<HostTensor::Integer> elements(*count);
    for (int64_t i = 0; i < *count; ++i)
      elements[i] = source.integers[index(i)];
    return node.resultAt(at, HostTensor::ofIntegers(shape, std::move(elements)));
  }
  std::shared_ptr<float> data = allocateFloats(*count);
  if (!data)
    return node.error("cannot allocate " + Twine(*count) + " elements");
  for (int64_t i = 0; i < *count; ++i)
    data.get()[i] = source.floats.get()[index(i)];
  node.resultAt(at, HostTensor::ofFloats(shape, std::move(data), source.kind));
}

void resnet::foldStrided(OnnxNode &node, const HostTensor &source, ArrayRef<int64_t> shape, int64_t base, ArrayRef<int64_t> steps,
                         size_t at) {
  auto index = [&](int64_t i) {
    int64_t index = base;
    for (size_t d = shape.size(); d-- > 0; i /= shape[d])
      index += i % shape[d] * steps[d];
    return index;
  };
  foldMoved(node, source, shape, index, at);
}

//===--------------------------------------------------------------------===//
// Gather, Concat
//===--------------------------------------------------------------------===//

static void foldGather(OnnxNode &node) {
  node.expectInputs(2, 2);
  const HostTensor data = node.constant(0), indices = node.constant(1);
  if (node.failed())
    return;
  const int64_t axis = normalizeAxis(node, node.integer("axis", 0), data.shape.size());
  if (node.failed())
    return;
  if (!indices.holdsIntegers())
    return node.error("expected integer indices");
  SmallVector<int64_t> at;
  for (HostTensor::Integer index : indices.integers) {
    const int64_t size = data.shape[axis];
    if (!index || *index < -size || *index >= size)
      return node.error("expected indices from " + Twine(-size) + " to " + Twine(size - 1) + ", got " +
                        (index ? std::to_string(*index) : "the dynamic batch"));
    at.push_back(*index < 0 ? *index + size : *index);
  }
  SmallVector<int64_t> shape(ArrayRef(data.shape).take_front(axis));
  shape.append(indices.shape.begin(), indices.shape.end());
  llvm::append_range(shape, ArrayRef(data.shape).drop_front(axis + 1));
  const int64_t inner = *countElements(ArrayRef(data.shape).drop_front(axis + 1)), picked = at.size();
  foldMoved(node, data, shape,
            [&](int64_t i) { return (i / inner / picked * data.shape[axis] + at[i / inner % picked]) * inner + i % inner; });
}

static void foldConcat(OnnxNode &node) {
  const HostTensor first = node.constant(0);
  SmallVector<int64_t> shape(first.shape);
  const int64_t axis = normalizeAxis(node, node.integer("axis", 0), shape.size());
  if (node.failed())
    return;
  std::vector<HostTensor> parts;
  shape[axis] = 0;
  for (size_t i = 0; i < node.numInputs(); ++i) {
    parts.push_back(node.constant(i));
    SmallVector<int64_t> other(parts.back().shape), expected(first.shape);
    if (other.size() == expected.size())
      shape[axis] += other[axis], expected[axis] = other[axis];
    if (other != expected || parts.back().kind != first.kind)
      return node.error("expected operands of one type that differ in axis " + Twine(axis) + " alone, got " +
                        formatShape(first.shape) + " and " + formatShape(other));
  }
  std::optional<int64_t> count = countElements(shape);
  if (!count || !node.reserve(*count))
    return node.error("expected a constant that fits into memory, got shape " + formatShape(shape));
  HostTensor result = first;
  result.shape.assign(shape.begin(), shape.end());
  result.integers.assign(first.holdsIntegers() ? *count : 0, {});
  if (!first.holdsIntegers() && !(result.floats = allocateFloats(*count)))
    return node.error("cannot allocate " + Twine(*count) + " elements");
  const int64_t inner = *countElements(ArrayRef(shape).drop_front(axis + 1));
  int64_t before = 0; // of the axis, in parts already placed
  for (const HostTensor &part : parts) {
    const int64_t run = part.shape[axis] * inner;
    for (int64_t i = 0, n = part.count(); i < n; ++i) {
      const int64_t to = i / run * shape[axis] * inner + before * inner + i % run;
      if (!first.holdsIntegers())
        result.floats.get()[to] = part.floatAt(i);
      else
        result.integers[to] = part.integers[i];
    }
    before += part.shape[axis];
  }
  node.result(std::move(result));
}

// Maps behind each other, along their channels.
static void importConcat(OnnxNode &node) {
  node.expectInputs(1, 1024);
  if (node.allConstant())
    return foldConcat(node);
  SmallVector<Value> maps;
  const size_t rank = node.shape(0).size();
  const int64_t axis = normalizeAxis(node, node.integer("axis", 1), rank);
  if (!node.failed() && axis != 1)
    node.error("expected activations to be concatenated along their channels, axis 1, got axis " + Twine(axis));
  for (size_t i = 0; i < node.numInputs() && !node.failed(); ++i) {
    if (node.shape(i).size() != rank)
      node.error("expected operands of one rank, got " + formatShape(node.shape(0)) + " and " + formatShape(node.shape(i)));
    maps.push_back(node.map(i));
  }
  node.resultOfMap(node.create<ConcatOp>(maps), rank);
}

//===--------------------------------------------------------------------===//
// Split, Slice, Transpose
//===--------------------------------------------------------------------===//

// The part's sizes: an attribute up to opset 12, an input from 13 on; without either, equal parts, the last one smaller where
// num_outputs (from 18 on) does not divide.
static SmallVector<int64_t> splitSizes(OnnxNode &node, int64_t size) {
  SmallVector<int64_t> sizes = node.hasInput(1) ? node.integerInput(1) : node.integers("split");
  const int64_t parts = node.integer("num_outputs", node.numOutputs());
  if (node.failed() || !sizes.empty())
    return sizes;
  if (parts < 1 || parts != static_cast<int64_t>(node.numOutputs())) {
    node.error("expected as many outputs as num_outputs, got " + Twine(node.numOutputs()) + " and " + Twine(parts));
    return sizes;
  }
  const int64_t each = ceilDiv(size, parts);
  sizes.assign(parts, each);
  sizes.back() = size - each * (parts - 1);
  return sizes;
}

static void importSplit(OnnxNode &node) {
  node.expectInputs(1, 2);
  const bool constant = node.isConstant(0);
  if (node.failed())
    return;
  SmallVector<int64_t> shape = node.shape(0);
  const int64_t rank = shape.size(), axis = normalizeAxis(node, node.integer("axis", 0), rank);
  const SmallVector<int64_t> sizes = node.failed() ? SmallVector<int64_t>() : splitSizes(node, shape[axis]);
  if (node.failed())
    return;
  if (sizes.size() != node.numOutputs() || llvm::any_of(sizes, [&](int64_t s) { return s < 0 || s > shape[axis]; }) ||
      std::accumulate(sizes.begin(), sizes.end(), int64_t(0)) != shape[axis])
    return node.error("expected " + Twine(node.numOutputs()) + " sizes whose sum is " + Twine(shape[axis]) + ", got " +
                      formatShape(sizes));
  if (!constant && axis == 0)
    return node.error("expected a split behind the batch, got axis 0");
  const HostTensor tensor = constant ? node.constant(0) : HostTensor();
  const Value map = constant ? Value() : node.map(0);
  int64_t offset = 0;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    shape[axis] = size;
    if (constant) {
      const SmallVector<int64_t> steps = stridesOf(tensor.shape);
      foldStrided(node, tensor, shape, offset * steps[axis], steps, i);
    } else if (node.hasOutput(i) && !node.failed()) {
      SmallVector<int64_t> offsets(4, 0), part = mapShape(shape);
      offsets[mapAxis(rank, axis)] = offset;
      node.resultOfMap(
          node.create<SliceOp>(map, ArrayRef(offsets).drop_front(), ArrayRef(part).drop_front(), ArrayRef<int64_t>{1, 1, 1}),
          rank, i);
    }
    offset += size;
  }
}

namespace {
// A range of one axis with its bounds resolved: `size` elements from `start` by `step`.
struct Range {
  int64_t start, size, step;
};
} // namespace

// ONNX clamps: to [0, dim] going up, to [-1, dim - 1] going down.
static Range resolveRange(int64_t start, int64_t end, int64_t step, int64_t dim) {
  auto absolute = [&](int64_t at) { return at < 0 ? at + dim : at; };
  if (step > 0) {
    start = std::clamp<int64_t>(absolute(start), 0, dim);
    end = std::clamp<int64_t>(absolute(end), 0, dim);
    return {start, end > start ? (end - start - 1) / step + 1 : 0, step};
  }
  if (dim == 0)
    return {0, 0, step};
  start = std::clamp<int64_t>(absolute(start), 0, dim - 1);
  end = std::clamp<int64_t>(absolute(end), -1, dim - 1);
  return {start, start > end ? (start - end - 1) / -step + 1 : 0, step};
}

static void importSlice(OnnxNode &node) {
  // Attributes up to opset 9, inputs from 10 on.
  node.expectInputs(node.opset() < 10 ? 1 : 3, node.opset() < 10 ? 1 : 5);
  auto list = [&](size_t i, StringRef name) {
    return node.opset() < 10 ? node.integers(name) : node.hasInput(i) ? node.integerInput(i) : SmallVector<int64_t>();
  };
  SmallVector<int64_t> starts = list(1, "starts"), ends = list(2, "ends"), axes = list(3, "axes");
  SmallVector<int64_t> steps = node.opset() >= 10 && node.hasInput(4) ? node.integerInput(4) : SmallVector<int64_t>();
  const bool constant = node.isConstant(0);
  if (node.failed())
    return;
  const SmallVector<int64_t> shape = node.shape(0);
  if (axes.empty())
    llvm::append_range(axes, llvm::seq<int64_t>(0, starts.size()));
  if (steps.empty())
    steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    return node.error("expected starts, ends, axes and steps of one length, got " + Twine(starts.size()) + ", " +
                      Twine(ends.size()) + ", " + Twine(axes.size()) + " and " + Twine(steps.size()));

  const int64_t rank = shape.size();
  SmallVector<int64_t> offsets(rank, 0), sizes(shape), strides(rank, 1);
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t axis = normalizeAxis(node, axes[i], rank);
    if (node.failed())
      return;
    if (steps[i] == 0 || steps[i] == std::numeric_limits<int64_t>::min())
      return node.error("expected steps that are not 0, got " + Twine(steps[i]));
    if (ShapedType::isDynamic(shape[axis])) {
      if (starts[i] != 0 || ends[i] < std::numeric_limits<int32_t>::max() || steps[i] != 1)
        return node.error("expected the whole dynamic batch, got a part of it");
      continue;
    }
    const Range range = resolveRange(starts[i], ends[i], steps[i], shape[axis]);
    offsets[axis] = range.start;
    sizes[axis] = range.size;
    strides[axis] = range.step;
  }
  if (constant) {
    const HostTensor tensor = node.constant(0);
    SmallVector<int64_t> source = stridesOf(shape);
    int64_t base = 0;
    for (int64_t d = 0; d < rank; ++d) {
      base += offsets[d] * source[d];
      source[d] *= sizes[d] > 1 ? strides[d] : 1;
    }
    return foldStrided(node, tensor, sizes, base, source);
  }
  if (sizes[0] != shape[0] || strides[0] != 1)
    return node.error("expected the whole batch, got a part of it");
  if (llvm::any_of(strides, [](int64_t s) { return s < 0; }))
    return node.error("expected positive steps on activations, got " + formatShape(strides));
  Value map = node.map(0);
  if (node.failed())
    return;
  SmallVector<int64_t> from(4, 0), step(4, 1);
  for (int64_t d = 1; d < rank; ++d) { // A single element is reached by any step.
    from[mapAxis(rank, d)] = offsets[d];
    step[mapAxis(rank, d)] = sizes[d] == 1 ? 1 : strides[d];
  }
  const SmallVector<int64_t> size = mapShape(sizes);
  auto behindBatch = [](ArrayRef<int64_t> list) { return list.drop_front(); };
  node.resultOfMap(node.create<SliceOp>(map, behindBatch(from), behindBatch(size), behindBatch(step)), rank);
}

// On an activation a permutation that leaves the axes of more than one element in their order is a reshape.
static void transposeActivation(OnnxNode &node, ArrayRef<int64_t> permutation) {
  const OnnxActivation input = node.activation(0);
  if (node.failed())
    return;
  const int64_t rank = input.shape.size();
  if (permutation[0] != 0)
    return node.error("expected a permutation that leaves the batch first, got " + formatShape(permutation));
  SmallVector<int64_t> shape, moved;
  for (int64_t p : permutation) {
    shape.push_back(input.shape[p]);
    if (input.shape[p] != 1 || p == 0)
      moved.push_back(p);
  }
  if (rank != 4 && llvm::is_sorted(moved))
    return reshapeActivation(node, input, shape);
  // The axes that map() inserts stay where they are.
  SmallVector<int64_t> full{0, 1, 2, 3};
  for (int64_t d = 0; d < rank && rank <= 4; ++d)
    full[mapAxis(rank, d)] = mapAxis(rank, permutation[d]);
  node.resultOfMap(node.create<TransposeOp>(node.map(0), full), rank);
}

static void importTranspose(OnnxNode &node) {
  node.expectInputs(1, 1);
  const bool constant = node.isConstant(0);
  if (node.failed())
    return;
  const SmallVector<int64_t> shape = node.shape(0);
  const int64_t rank = shape.size();
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  permutation = node.integers("perm", permutation);
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, rank)))
    node.error("expected a permutation of " + Twine(rank) + " axes, got " + formatShape(permutation));
  if (node.failed())
    return;
  if (!constant)
    return transposeActivation(node, permutation);
  const HostTensor tensor = node.constant(0);
  const SmallVector<int64_t> source = stridesOf(shape);
  SmallVector<int64_t> result, steps;
  for (int64_t p : permutation) {
    result.push_back(shape[p]);
    steps.push_back(source[p]);
  }
  foldStrided(node, tensor, result, 0, steps);
}

void resnet::addMoveTranslations(OnnxTranslations &table) {
  table["Gather"] = {foldGather, OnnxOperands::Constants};
  table["Concat"] = {importConcat, OnnxOperands::Both};
  table["Split"] = {importSplit, OnnxOperands::Both};
  table["Slice"] = {importSlice, OnnxOperands::Both};
  table["Transpose"] = {importTranspose, OnnxOperands::Both};
}
