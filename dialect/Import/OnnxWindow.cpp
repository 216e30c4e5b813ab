// Windows from ONNX's attributes.

#include "dialect/Import/OnnxWindow.h"
#include "dialect/IR/Geometry.h"

using namespace mlir;
using namespace resnet;

// Padding so that there are ceil(size / stride) windows; an odd element goes behind (SAME_UPPER) or in front (SAME_LOWER).
static SmallVector<int64_t> samePadding(ArrayRef<int64_t> map, const OnnxWindow &window, bool upper) {
  SmallVector<int64_t> padding(4);
  for (int i : {0, 1}) {
    const int64_t total = totalSamePadding(map[i], window.kernel[i], window.strides[i], window.dilations[i]);
    padding[i] = upper ? total / 2 : total - total / 2;
    padding[2 + i] = total - padding[i];
  }
  return padding;
}

Value resnet::windowedMap(OnnxNode &node) {
  Value map = node.map(0);
  if (!node.failed() && node.shape(0).size() == 2)
    node.error("expected input '" + node.inputName(0) + "' of rank 3 or 4, got shape " + formatShape(node.shape(0)));
  return node.failed() ? Value() : map;
}

// A window of one axis over a map of one row.
static void addRow(OnnxWindow &window) {
  window.kernel.insert(window.kernel.begin(), 1);
  window.strides.insert(window.strides.begin(), 1);
  window.dilations.insert(window.dilations.begin(), 1);
  window.padding = {0, window.padding[0], 0, window.padding[1]};
}

OnnxWindow resnet::readWindow(OnnxNode &node, Value map, ArrayRef<int64_t> filterKernel) {
  if (node.failed())
    return {};
  const size_t axes = node.shape(0).size() - 2;
  const SmallVector<int64_t> ones(axes, 1), zeros(2 * axes, 0);
  OnnxWindow window;
  window.kernel = node.integers("kernel_shape", filterKernel);
  window.strides = node.integers("strides", ones);
  window.dilations = node.integers("dilations", ones);
  window.padding = node.integers("pads", zeros);
  StringRef automatic = node.text("auto_pad", "NOTSET");
  if (node.failed())
    return window;
  if (window.kernel.size() != axes || window.strides.size() != axes || window.dilations.size() != axes ||
      window.padding.size() != 2 * axes)
    node.error("expected kernel_shape, strides and dilations of " + Twine(axes) + " numbers and pads of " + Twine(2 * axes) +
               ", got " + formatShape(window.kernel) + ", " + formatShape(window.strides) + ", " + formatShape(window.dilations) +
               " and " + formatShape(window.padding));
  // The dialect checks again; these bounds keep the arithmetic below inside 64 bits.
  for (ArrayRef<int64_t> numbers : {ArrayRef(window.kernel), ArrayRef(window.strides), ArrayRef(window.dilations)})
    for (int64_t number : numbers)
      if (number < 1 || number > (1 << 24))
        node.error("expected kernel_shape, strides and dilations from 1 to 2^24, got " + Twine(number));
  if (!filterKernel.empty() && ArrayRef(window.kernel) != filterKernel)
    node.error("expected kernel_shape " + formatShape(filterKernel) + " as the filter has, got " + formatShape(window.kernel));
  if (node.failed())
    return window;
  if (axes == 1)
    addRow(window);
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER")
    window.padding = samePadding(shapeOf(map).drop_front(2), window, automatic == "SAME_UPPER");
  else if (automatic == "VALID")
    window.padding = {0, 0, 0, 0};
  else if (automatic != "NOTSET")
    node.error("expected auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, got " + automatic);
  return window;
}
