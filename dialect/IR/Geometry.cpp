// Windows of grouped convolutions: which input channels an output block can touch.

#include "dialect/IR/Geometry.h"
#include <algorithm>

using namespace resnet;

// First input channel of the group that holds output channel `out`.
static int64_t firstInput(const FilterGeometry &f, int64_t out) { return out / f.outChannelsPerGroup() * f.inChannelsPerGroup(); }

// Unclamped base: the block's first group's first input, rounded down to the input's block.
static int64_t rawBase(const FilterGeometry &f, int64_t outBlock) {
  return firstInput(f, outBlock * f.block) / f.inputBlock * f.inputBlock;
}

int64_t FilterGeometry::laneGroup() const {
  if (isDepthwise()) // of any input block: a lane's only channel is easily found
    return 1;
  const int64_t width = inChannelsPerGroup();
  const bool narrow = groups > 1 && inChannels == outChannels && inputBlock == block && width < block && block % width == 0 &&
                      (width & (width - 1)) == 0;
  return narrow ? width : 0;
}

int64_t FilterGeometry::window() const {
  if (const int64_t width = laneGroup())
    return width;
  int64_t widest = 0;
  for (int64_t b = 0; b < outBlocks(); ++b) {
    const int64_t lastOut = std::min((b + 1) * block, outChannels) - 1;
    widest = std::max(widest, firstInput(*this, lastOut) + inChannelsPerGroup() - rawBase(*this, b));
  }
  return ceilDiv(widest, inputBlock) * inputBlock;
}

int64_t FilterGeometry::windowBase(int64_t outBlock) const {
  if (laneGroup())
    return outBlock * block;
  // The last windows move down so that they end with the (padded) input.
  const int64_t end = ceilDiv(inChannels, inputBlock) * inputBlock;
  return std::min(rawBase(*this, outBlock), end - window());
}
