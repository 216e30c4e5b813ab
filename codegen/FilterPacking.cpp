// The packer behind FilterPacking.h: a transposition of [lane][channel][tap] to [tap][channel][lane] for each output block.

#include "codegen/FilterPacking.h"
#include <algorithm>
#include <cstring>

using namespace resnet;

void codegen::packVector(int64_t channels, int64_t block, const float *src, float *dst) {
  std::copy_n(src, channels, dst);
  std::fill(dst + channels, dst + ceilDiv(channels, block) * block, 0.f);
}

static void packDepthwise(const FilterGeometry &f, const float *oihw, float *packed) {
  const int64_t taps = f.kernelHeight * f.kernelWidth;
  for (int64_t k = 0; k < f.outBlocks(); ++k)
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t lane = 0; lane < f.block; ++lane) {
        const int64_t co = k * f.block + lane;
        *packed++ = co < f.outChannels ? oihw[co * taps + tap] : 0.f;
      }
}

// One lane of one output block: `channels` input channels from row `first` of the window on. A source row is read in order
// once per chunk of channels; the writes of a chunk's 16 lanes meet in the same cache lines.
static void packLane(const float *src, float *dst, int64_t channels, int64_t taps, int64_t tapStride, int64_t block) {
  for (int64_t ci = 0; ci < channels; ++ci, dst += block)
    for (int64_t tap = 0; tap < taps; ++tap)
      dst[tap * tapStride] = *src++;
}

// Four lanes at a time and one tap: the common 1x1 filters, in stores of 16 bytes that the compiler vectorises.
static void packPointwise16(const float *src, int64_t laneStride, float *dst, int64_t channels) {
  for (int64_t ci = 0; ci < channels; ++ci, dst += 16)
    for (int64_t lane = 0; lane < 16; ++lane)
      dst[lane] = src[lane * laneStride + ci];
}

void codegen::packFilter(const FilterGeometry &f, const float *oihw, float *packed) {
  if (f.isDepthwise())
    return packDepthwise(f, oihw, packed);
  const int64_t taps = f.kernelHeight * f.kernelWidth, window = f.window();
  const int64_t tapStride = window * f.block, blockStride = tapStride * taps;
  const int64_t perGroupIn = f.inChannelsPerGroup(), perGroupOut = f.outChannelsPerGroup();
  // Chunk of input channels whose packed lines, taps * chunk * block floats, stay in a 32 KB L1 while all lanes write them.
  const int64_t chunk = std::max<int64_t>(1, 4096 / (taps * f.block));

  for (int64_t k = 0; k < f.outBlocks(); ++k, packed += blockStride) {
    const int64_t lanes = std::min(f.block, f.outChannels - k * f.block), base = f.windowBase(k);
    const bool full = lanes == f.block && f.groups == 1 && window == f.inChannels;
    if (!full)
      std::memset(packed, 0, blockStride * sizeof(float));
    for (int64_t c0 = 0; c0 < perGroupIn; c0 += chunk) {
      const int64_t count = std::min(chunk, perGroupIn - c0);
      if (full && taps == 1 && f.block == 16) {
        packPointwise16(oihw + k * f.block * perGroupIn + c0, perGroupIn, packed + c0 * f.block, count);
        continue;
      }
      for (int64_t lane = 0; lane < lanes; ++lane) {
        const int64_t co = k * f.block + lane, first = co / perGroupOut * perGroupIn - base;
        packLane(oihw + (co * perGroupIn + c0) * taps, packed + (first + c0) * f.block + lane, count, taps, tapStride, f.block);
      }
    }
  }
}
