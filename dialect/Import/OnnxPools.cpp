// Pools, and the means that stand for them.

#include "dialect/Import/OnnxWindow.h"

using namespace mlir;
using namespace resnet;

static void importMaxPool(OnnxNode &node) {
  node.expectInputs(1, 1);
  Value map = windowedMap(node);
  const OnnxWindow window = readWindow(node, map);
  const bool ceilMode = node.integer("ceil_mode", 0) != 0;
  node.ignore({"storage_order"}); // of the second result, which is refused where it is used
  if (!node.failed())
    node.resultOfMap(node.create<MaxPool2dOp>(map, window.kernel, window.strides, window.padding, window.dilations, ceilMode),
                     node.shape(0).size());
}

static void importAveragePool(OnnxNode &node) {
  node.expectInputs(1, 1);
  Value map = windowedMap(node);
  const OnnxWindow window = readWindow(node, map);
  const bool ceilMode = node.integer("ceil_mode", 0) != 0, includePadding = node.integer("count_include_pad", 0) != 0;
  if (!node.failed() && ArrayRef(window.dilations) != ArrayRef<int64_t>{1, 1})
    node.error("expected dilations 1x1, got " + formatShape(window.dilations));
  if (!node.failed())
    node.resultOfMap(node.create<AvgPool2dOp>(map, window.kernel, window.strides, window.padding, ceilMode, includePadding),
                     node.shape(0).size());
}

template <typename OpTy> static void importGlobalPool(OnnxNode &node) {
  node.expectInputs(1, 1);
  if (Value map = windowedMap(node))
    node.resultOfMap(node.create<OpTy>(map), node.shape(0).size());
}

// The mean over all axes behind the channels is the global average pool; newer exporters write it so. Over one of two it is a
// window of that axis' size.
static void importReduceMean(OnnxNode &node) {
  node.expectInputs(1, 2);
  SmallVector<int64_t> axes = node.hasInput(1) ? node.integerInput(1) : node.integers("axes");
  const bool keepDims = node.integer("keepdims", 1) != 0;
  const bool noop = node.integer("noop_with_empty_axes", 0) != 0;
  if (!node.failed() && axes.empty() && noop)
    return node.result(node.activation(0));
  Value map = windowedMap(node);
  if (node.failed())
    return;
  const SmallVector<int64_t> shape = node.shape(0);
  const int64_t rank = shape.size();
  SmallVector<int64_t> kernel{1, 1}, reduced{shape[0], shape[1]};
  for (int64_t &axis : axes) {
    axis = normalizeAxis(node, axis, rank);
    if (axis < 2)
      return node.error("expected the mean over axes behind the channels, got axes " + formatShape(axes));
    kernel[mapAxis(rank, axis) - 2] = shape[axis];
  }
  if (axes.empty())
    return node.error("expected the mean over axes behind the channels, got all axes");
  for (int64_t axis = 2; axis < rank; ++axis)
    if (const bool mean = llvm::is_contained(axes, axis); keepDims || !mean)
      reduced.push_back(mean ? 1 : shape[axis]);
  const bool whole = llvm::all_of(llvm::seq<int64_t>(2, rank), [&](int64_t axis) { return llvm::is_contained(axes, axis); });
  Value mean = whole
                   ? node.create<GlobalAvgPoolOp>(map)
                   : node.create<AvgPool2dOp>(map, kernel, ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{0, 0, 0, 0}, false, false);
  if (mean)
    reshapeActivation(node, {mean, llvm::to_vector(shapeOf(mean))}, reduced);
}

void resnet::addPoolTranslations(OnnxTranslations &table) {
  table["MaxPool"] = {importMaxPool};
  table["AveragePool"] = {importAveragePool};
  table["GlobalAveragePool"] = {importGlobalPool<GlobalAvgPoolOp>};
  table["GlobalMaxPool"] = {importGlobalPool<GlobalMaxPoolOp>};
  table["ReduceMean"] = {importReduceMean};
}
