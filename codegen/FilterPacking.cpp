// The packer behind FilterPacking.h: a transposition of [lane][channel and tap] to [channel and tap][lane] for each output block.

#include "codegen/FilterPacking.h"
#include <algorithm>
#include <cstring>

using namespace resnet;

void codegen::packVector(int64_t channels, int64_t block, const float *src, float *dst) {
  std::copy_n(src, channels, dst);
  std::fill(dst + channels, dst + ceilDiv(channels, block) * block, 0.f);
}

// Depthwise filters included.
static void packLaneGroups(const FilterGeometry &f, const float *oihw, float *packed) {
  const int64_t width = f.laneGroup(), taps = f.kernelHeight * f.kernelWidth;
  for (int64_t k = 0; k < f.outBlocks(); ++k)
    for (int64_t j = 0; j < width; ++j)
      for (int64_t tap = 0; tap < taps; ++tap)
        for (int64_t lane = 0; lane < f.block; ++lane) {
          const int64_t co = k * f.block + lane, channel = (co % width) ^ j;
          *packed++ = co < f.outChannels ? oihw[(co * width + channel) * taps + tap] : 0.f;
        }
}

// 16 lanes of one output block, `count` channels and taps: stores of whole lines, which the compiler vectorises.
static void packLanes16(const float *src, int64_t laneStride, float *dst, int64_t count) {
  for (int64_t i = 0; i < count; ++i, dst += 16)
    for (int64_t lane = 0; lane < 16; ++lane)
      dst[lane] = src[lane * laneStride + i];
}

// One lane; the lines that it shares with others stay in L1 for a chunk.
static void packLane(const float *src, float *dst, int64_t count, int64_t block) {
  for (int64_t i = 0; i < count; ++i, dst += block)
    *dst = src[i];
}

void codegen::packFilter(const FilterGeometry &f, const float *oihw, float *packed) {
  if (f.laneGroup())
    return packLaneGroups(f, oihw, packed);
  const int64_t taps = f.kernelHeight * f.kernelWidth, window = f.window();
  const int64_t blockStride = window * taps * f.block;
  const int64_t perGroupIn = f.inChannelsPerGroup(), perGroupOut = f.outChannelsPerGroup(), row = perGroupIn * taps;
  // Lines that stay in a 32 KB L1 while all lanes write them.
  const int64_t chunk = std::max<int64_t>(1, 4096 / f.block);

  for (int64_t k = 0; k < f.outBlocks(); ++k, packed += blockStride) {
    const int64_t lanes = std::min(f.block, f.outChannels - k * f.block), base = f.windowBase(k);
    const bool full = lanes == f.block && f.groups == 1 && window == f.inChannels;
    if (!full)
      std::memset(packed, 0, blockStride * sizeof(float));
    for (int64_t i = 0; i < row; i += chunk) {
      const int64_t count = std::min(chunk, row - i);
      if (full && f.block == 16) {
        packLanes16(oihw + k * f.block * row + i, row, packed + i * f.block, count);
        continue;
      }
      for (int64_t lane = 0; lane < lanes; ++lane) {
        const int64_t co = k * f.block + lane, first = (co / perGroupOut * perGroupIn - base) * taps;
        packLane(oihw + co * row + i, packed + (first + i) * f.block + lane, count, f.block);
      }
    }
  }
}
