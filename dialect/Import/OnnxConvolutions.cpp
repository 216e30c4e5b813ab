// Operators with windows and channels: Conv, BatchNormalization, pools and the means that stand for them.

#include "dialect/Import/OnnxNode.h"

using namespace mlir;
using namespace resnet;

namespace {
// A window's attributes in the dialect's order, with ONNX's automatic padding resolved.
struct Window {
  SmallVector<int64_t> kernel, strides, padding, dilations;
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

// Padding so that there are ceil(size / stride) windows; an odd element goes behind (SAME_UPPER) or in front (SAME_LOWER).
static SmallVector<int64_t> samePadding(ArrayRef<int64_t> map, const Window &window, bool upper) {
  SmallVector<int64_t> padding(4);
  for (int i : {0, 1}) {
    const int64_t count = (map[i] - 1) / window.strides[i] + 1;
    const int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const int64_t total = std::max<int64_t>((count - 1) * window.strides[i] + extent - map[i], 0);
    padding[i] = upper ? total / 2 : total - total / 2;
    padding[2 + i] = total - padding[i];
  }
  return padding;
}

static Window readWindow(OnnxNode &node, Value input, ArrayRef<int64_t> filterKernel = {}) {
  Window window;
  window.kernel = node.integers("kernel_shape", filterKernel);
  window.strides = node.integers("strides", {1, 1});
  window.dilations = node.integers("dilations", {1, 1});
  window.padding = node.integers("pads", {0, 0, 0, 0});
  StringRef automatic = node.text("auto_pad", "NOTSET");
  if (node.failed())
    return window;
  if (window.kernel.size() != 2 || window.strides.size() != 2 || window.dilations.size() != 2 || window.padding.size() != 4)
    node.error("expected kernel_shape, strides and dilations of 2 numbers and pads of 4, got " + formatShape(window.kernel) +
               ", " + formatShape(window.strides) + ", " + formatShape(window.dilations) + " and " + formatShape(window.padding));
  // The dialect checks again; these bounds keep the arithmetic below inside 64 bits.
  for (ArrayRef<int64_t> numbers : {ArrayRef(window.kernel), ArrayRef(window.strides), ArrayRef(window.dilations)})
    for (int64_t number : numbers)
      if (number < 1 || number > (1 << 24))
        node.error("expected kernel_shape, strides and dilations from 1 to 2^24, got " + Twine(number));
  if (!filterKernel.empty() && ArrayRef(window.kernel) != filterKernel)
    node.error("expected kernel_shape " + formatShape(filterKernel) + " as the filter has, got " + formatShape(window.kernel));
  if (node.failed())
    return window;
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER")
    window.padding = samePadding(shapeOf(input).drop_front(2), window, automatic == "SAME_UPPER");
  else if (automatic == "VALID")
    window.padding = {0, 0, 0, 0};
  else if (automatic != "NOTSET")
    node.error("expected auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, got " + automatic);
  return window;
}

static void importConv(OnnxNode &node) {
  node.expectInputs(2, 3);
  Value input = node.value(0, 4);
  Value filter = node.weight(1, 4);
  Value bias = node.hasInput(2) ? node.weight(2, 1) : Value();
  if (node.failed())
    return;
  const Window window = readWindow(node, input, shapeOf(filter).drop_front(2));
  const int64_t groups = node.integer("group", 1);
  node.result(node.create<Conv2dOp>(input, filter, bias, window.strides, window.padding, window.dilations, groups));
}

static void importBatchNormalization(OnnxNode &node) {
  node.expectInputs(5, 5);
  Value input = node.value(0);
  Value scale = node.weight(1, 1), offset = node.weight(2, 1), mean = node.weight(3, 1), variance = node.weight(4, 1);
  const float epsilon = node.real("epsilon", 1e-5f);
  node.ignore({"momentum"});
  bool training = node.integer("training_mode", 0) != 0;
  for (size_t i = 1; i < node.numOutputs(); ++i)
    training |= node.hasOutput(i);
  if (training)
    node.error("expected inference (one result, training_mode 0), got a model that was exported for training");
  const HostTensor variances = node.constant(4);
  for (int64_t i = 0; !node.failed() && i < variances.count(); ++i)
    if (!(variances.floatAt(i) + epsilon > 0))
      node.error("expected variances whose sum with epsilon is positive, got " + Twine(std::to_string(variances.floatAt(i))) +
                 " at position " + Twine(i));
  node.result(node.create<BatchNormOp>(input, scale, offset, mean, variance, APFloat(epsilon)));
}

static void importMaxPool(OnnxNode &node) {
  node.expectInputs(1, 1);
  Value input = node.value(0, 4);
  const Window window = readWindow(node, input);
  const bool ceilMode = node.integer("ceil_mode", 0) != 0;
  node.ignore({"storage_order"}); // of the second result, which is refused where it is used
  node.result(node.create<MaxPool2dOp>(input, window.kernel, window.strides, window.padding, window.dilations, ceilMode));
}

static void importAveragePool(OnnxNode &node) {
  node.expectInputs(1, 1);
  Value input = node.value(0, 4);
  const Window window = readWindow(node, input);
  const bool ceilMode = node.integer("ceil_mode", 0) != 0, includePadding = node.integer("count_include_pad", 0) != 0;
  if (!node.failed() && ArrayRef(window.dilations) != ArrayRef<int64_t>{1, 1})
    node.error("expected dilations 1x1, got " + formatShape(window.dilations));
  node.result(node.create<AvgPool2dOp>(input, window.kernel, window.strides, window.padding, ceilMode, includePadding));
}

static void importGlobalAveragePool(OnnxNode &node) {
  node.expectInputs(1, 1);
  node.result(node.create<GlobalAvgPoolOp>(node.value(0, 4)));
}

// The mean over height and width is the global average pool; newer exporters write it so.
static void importReduceMean(OnnxNode &node) {
  node.expectInputs(1, 2);
  Value input = node.value(0, 4);
  SmallVector<int64_t> axes = node.hasInput(1) ? node.integerInput(1) : node.integers("axes");
  const bool keepDims = node.integer("keepdims", 1) != 0;
  node.ignore({"noop_with_empty_axes"}); // empty axes are refused
  if (node.failed())
    return;
  for (int64_t &axis : axes)
    axis = normalizeAxis(node, axis, 4);
  llvm::sort(axes);
  if (ArrayRef(axes) != ArrayRef<int64_t>{2, 3})
    node.error("expected the mean over height and width, axes 2 and 3, got axes " + formatShape(axes));
  Value mean = node.create<GlobalAvgPoolOp>(input);
  node.result(keepDims || node.failed() ? mean : node.create<FlattenOp>(mean));
}

void resnet::addConvolutionTranslations(OnnxTranslations &table) {
  table["Conv"] = importConv;
  table["BatchNormalization"] = importBatchNormalization;
  table["MaxPool"] = importMaxPool;
  table["AveragePool"] = importAveragePool;
  table["GlobalAveragePool"] = importGlobalAveragePool;
  table["ReduceMean"] = importReduceMean;
}
