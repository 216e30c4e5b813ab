// Pad on activations, in the forms of every operator set.

#include "dialect/Import/OnnxNode.h"
#include <cmath>

using namespace mlir;
using namespace resnet;

namespace {
// Elements added before and behind each axis of a map; negative ones are removed.
struct Pads {
  SmallVector<int64_t> low, high;
};
} // namespace

static Pads readPads(OnnxNode &node, int64_t rank, bool inputs) {
  Pads result{SmallVector<int64_t>(4, 0), SmallVector<int64_t>(4, 0)};
  const SmallVector<int64_t> pads = inputs ? node.integerInput(1) : node.integers("pads");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (node.hasInput(3))
    axes = node.integerInput(3);
  if (!node.failed() && pads.size() != 2 * axes.size())
    node.error("expected pads of " + Twine(2 * axes.size()) + " numbers, got " + formatShape(pads));
  for (size_t i = 0; i < axes.size() && !node.failed(); ++i) {
    const int64_t axis = mapAxis(rank, normalizeAxis(node, axes[i], rank));
    result.low[axis] = pads[i];
    result.high[axis] = pads[axes.size() + i];
  }
  if (!node.failed() && (result.low[0] || result.high[0]))
    node.error("expected no padding of the batch, got " + formatShape(pads));
  return result;
}

static float readValue(OnnxNode &node, bool inputs) {
  float value = inputs ? 0 : node.real("value", 0);
  if (inputs && node.hasInput(2)) {
    const HostTensor given = node.constant(2);
    if (!node.failed() && (!given.isFloat() || given.count() != 1))
      node.error("expected one number as the value, got shape " + formatShape(given.shape));
    value = node.failed() ? 0 : given.floatAt(0);
  }
  if (!std::isfinite(value))
    node.error("expected a finite value, got " + Twine(std::to_string(value)));
  return value;
}

// Negative pads first: what they remove is no part of the result in any mode but those that would look at it.
static Value crop(OnnxNode &node, Value map, Pads &pads) {
  ArrayRef<int64_t> shape = shapeOf(map);
  SmallVector<int64_t> offsets, sizes;
  bool crops = false;
  for (int64_t axis = 1; axis < 4; ++axis) {
    int64_t &low = pads.low[axis], &high = pads.high[axis];
    constexpr int64_t kMost = 1 << 24;
    const auto tooLarge = [](int64_t pad) { return pad < -kMost || pad > kMost; };
    if (tooLarge(low) || tooLarge(high)) {
      node.error("expected pads of at most 2^24, got " + Twine(tooLarge(low) ? low : high));
      return {};
    }
    const int64_t before = std::max<int64_t>(-low, 0), behind = std::max<int64_t>(-high, 0);
    crops |= before || behind;
    offsets.push_back(before);
    sizes.push_back(shape[axis] - before - behind);
    low = std::max<int64_t>(low, 0);
    high = std::max<int64_t>(high, 0);
  }
  return crops ? node.create<SliceOp>(map, offsets, sizes, ArrayRef<int64_t>{1, 1, 1}) : map;
}

static void importPad(OnnxNode &node) {
  // Attributes up to opset 10, inputs from 11 on, axes from 18 on.
  const bool inputs = node.opset() >= 11;
  node.expectInputs(inputs ? 2 : 1, inputs ? 4 : 1);
  StringRef name = node.text("mode", "constant");
  std::optional<PadMode> mode = symbolizePadMode(name);
  if (!node.failed() && !mode)
    node.error("expected mode constant, reflect or edge, got " + name);
  Value map = node.map(0);
  if (node.failed())
    return;
  const int64_t rank = node.shape(0).size();
  Pads pads = readPads(node, rank, inputs);
  const float value = readValue(node, inputs);
  if (node.failed())
    return;
  auto isNegative = [](int64_t pad) { return pad < 0; };
  if (*mode != PadMode::Constant && (llvm::any_of(pads.low, isNegative) || llvm::any_of(pads.high, isNegative)))
    return node.error("expected pads from 0 in mode " + name + ", got " + formatShape(pads.low) + " and " +
                      formatShape(pads.high));
  const Value cropped = crop(node, map, pads);
  auto isZero = [](int64_t pad) { return pad == 0; };
  if (cropped != map && llvm::all_of(pads.low, isZero) && llvm::all_of(pads.high, isZero))
    return node.resultOfMap(cropped, rank);
  if (!node.failed())
    node.resultOfMap(node.create<PadOp>(cropped, ArrayRef(pads.low).drop_front(), ArrayRef(pads.high).drop_front(),
                                        APFloat(*mode == PadMode::Constant ? value : 0.0f), *mode),
                     rank);
}

void resnet::addPadTranslations(OnnxTranslations &table) { table["Pad"] = {importPad}; }
