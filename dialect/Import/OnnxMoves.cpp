// Operators that move elements: on constants they are folded (torch computes pads so), on activations they become slice, pad and
// transpose.

#include "dialect/Import/OnnxNode.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// Folding
//===--------------------------------------------------------------------===//

static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// A tensor of `shape` whose element i is `source`'s at index(i).
static void foldMoved(OnnxNode &node, const HostTensor &source, ArrayRef<int64_t> shape, function_ref<int64_t(int64_t)> index) {
  std::optional<int64_t> count = countElements(shape);
  if (!node.failed() && !count)
    node.error("expected a constant that fits into memory, got shape " + formatShape(shape));
  if (node.failed())
    return;
  if (source.isFloat() && !source.floats)
    return node.result(HostTensor::ofSplat(shape, source.splat));
  if (!node.reserve(*count))
    return;
  if (!source.isFloat()) {
    std::vector<HostTensor::Integer> elements(*count);
    for (int64_t i = 0; i < *count; ++i)
      elements[i] = source.integers[index(i)];
    return node.result(HostTensor::ofIntegers(shape, std::move(elements)));
  }
  std::shared_ptr<float> data = allocateFloats(*count);
  if (!data)
    return node.error("cannot allocate " + Twine(*count) + " elements");
  for (int64_t i = 0; i < *count; ++i)
    data.get()[i] = source.floats.get()[index(i)];
  node.result(HostTensor::ofFloats(shape, std::move(data)));
}

// Moves by a linear map: element (i0, i1, ...) of `shape` is source[base + sum i_d * steps[d]].
static void foldStrided(OnnxNode &node, const HostTensor &source, ArrayRef<int64_t> shape, int64_t base,
                        ArrayRef<int64_t> steps) {
  foldMoved(node, source, shape, [&](int64_t i) {
    int64_t index = base;
    for (size_t d = shape.size(); d-- > 0; i /= shape[d])
      index += i % shape[d] * steps[d];
    return index;
  });
}

//===--------------------------------------------------------------------===//
// Gather, Concat: constants alone
//===--------------------------------------------------------------------===//

static void foldGather(OnnxNode &node) {
  node.expectInputs(2, 2);
  const HostTensor data = node.constant(0), indices = node.constant(1);
  if (node.failed())
    return;
  const int64_t axis = normalizeAxis(node, node.integer("axis", 0), data.shape.size());
  if (node.failed())
    return;
  if (indices.isFloat())
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
  if (!node.numInputs() || !node.allConstant())
    return node.error("unsupported operator on activations");
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
  result.integers.assign(first.isFloat() ? 0 : *count, {});
  if (first.isFloat() && !(result.floats = allocateFloats(*count)))
    return node.error("cannot allocate " + Twine(*count) + " elements");
  const int64_t inner = *countElements(ArrayRef(shape).drop_front(axis + 1));
  int64_t before = 0; // of the axis, in parts already placed
  for (const HostTensor &part : parts) {
    const int64_t run = part.shape[axis] * inner;
    for (int64_t i = 0, n = part.count(); i < n; ++i) {
      const int64_t to = i / run * shape[axis] * inner + before * inner + i % run;
      if (first.isFloat())
        result.floats.get()[to] = part.floatAt(i);
      else
        result.integers[to] = part.integers[i];
    }
    before += part.shape[axis];
  }
  node.result(std::move(result));
}

//===--------------------------------------------------------------------===//
// Slice, Transpose, Pad
//===--------------------------------------------------------------------===//

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
  start = std::clamp<int64_t>(absolute(start), 0, std::max<int64_t>(dim - 1, 0));
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
  Value input = node.value(0, 4);
  if (node.failed())
    return;
  if (sizes[0] != shape[0] || strides[0] != 1)
    return node.error("expected the whole batch, got a part of it");
  if (llvm::any_of(strides, [](int64_t s) { return s < 0; }))
    return node.error("expected positive steps on activations, got " + formatShape(strides));
  for (int64_t d = 1; d < rank; ++d) // A single element is reached by any step.
    strides[d] = sizes[d] == 1 ? 1 : strides[d];
  auto behindBatch = [](ArrayRef<int64_t> list) { return list.drop_front(); };
  node.result(node.create<SliceOp>(input, behindBatch(offsets), behindBatch(sizes), behindBatch(strides)));
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
    return node.result(node.create<TransposeOp>(node.value(0, 4), permutation));
  const HostTensor tensor = node.constant(0);
  const SmallVector<int64_t> source = stridesOf(shape);
  SmallVector<int64_t> result, steps;
  for (int64_t p : permutation) {
    result.push_back(shape[p]);
    steps.push_back(source[p]);
  }
  foldStrided(node, tensor, result, 0, steps);
}

static void importPad(OnnxNode &node) {
  // Attributes up to opset 10, inputs from 11 on, axes from 18 on.
  const bool inputs = node.opset() >= 11;
  node.expectInputs(inputs ? 2 : 1, inputs ? 4 : 1);
  if (StringRef mode = node.text("mode", "constant"); !node.failed() && mode != "constant")
    node.error("expected mode constant, got " + mode);
  Value input = node.value(0, 4);
  SmallVector<int64_t> pads = inputs ? node.integerInput(1) : node.integers("pads"), axes{0, 1, 2, 3};
  float value = inputs ? 0 : node.real("value", 0);
  if (inputs && node.hasInput(2)) {
    const HostTensor given = node.constant(2);
    if (!node.failed() && (!given.isFloat() || given.count() != 1))
      node.error("expected one number as the value, got shape " + formatShape(given.shape));
    value = node.failed() ? 0 : given.floatAt(0);
  }
  if (node.hasInput(3))
    axes = node.integerInput(3);
  if (!node.failed() && pads.size() != 2 * axes.size())
    node.error("expected pads of " + Twine(2 * axes.size()) + " numbers, got " + formatShape(pads));
  SmallVector<int64_t> low(4, 0), high(4, 0);
  for (size_t i = 0; i < axes.size() && !node.failed(); ++i) {
    const int64_t axis = normalizeAxis(node, axes[i], 4);
    low[axis] = pads[i];
    high[axis] = pads[axes.size() + i];
  }
  if (low[0] || high[0])
    node.error("expected no padding of the batch, got " + formatShape(pads));
  if (!std::isfinite(value))
    node.error("expected a finite value, got " + Twine(std::to_string(value)));
  node.result(node.create<PadOp>(input, ArrayRef(low).drop_front(), ArrayRef(high).drop_front(), APFloat(value)));
}

void resnet::addMoveTranslations(OnnxTranslations &table) {
  table["Gather"] = foldGather;
  table["Concat"] = foldConcat;
  table["Slice"] = importSlice;
  table["Transpose"] = importTranspose;
  table["Pad"] = importPad;
}
