// How logical NCHW activations and OIHW filters lie in memory: the arithmetic behind #resnet.layout and #resnet.filter_layout.
// Plain C++, no MLIR: passes size buffers with it, codegen derives kernel arguments from it, the packer writes by it.

#ifndef RESNET_DIALECT_IR_GEOMETRY_H
#define RESNET_DIALECT_IR_GEOMETRY_H

#include <algorithm>
#include <array>
#include <cstdint>

namespace resnet {

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Every buffer of the arena and of the weights starts at a multiple of this: a cache line and an AVX-512 register.
inline constexpr int64_t kBufferAlignment = 64;

/// Channels a block: two AVX2 registers, one AVX-512 register. One plan and one packed filter serve every x86-64 level.
inline constexpr int64_t kChannelBlock = 16;

/// Elements behind `in` that `out` windows touch, of which the first begins `before` elements in front of it. What an operation
/// declares beyond them changes nothing.
inline int64_t touchedPadding(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t before) {
  return std::max<int64_t>(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - before - in);
}

/// Elements around `in`, before and behind together, that give it ceil(in / stride) windows: the padding called "same".
inline int64_t totalSamePadding(int64_t in, int64_t kernel, int64_t stride, int64_t dilation) {
  return touchedPadding(in, ceilDiv(in, stride), kernel, stride, dilation, 0);
}

/// Rows and columns of zeros around a map, in elements.
struct Halo {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  bool operator==(const Halo &) const = default;
  bool empty() const { return *this == Halo{}; }
};

/// One image's activations [C, H, W] in memory as [ceil(C/block)][top+H+bottom][left+W+right][block], f32.
/// block = 1 without halo is dense CHW, block = C is HWC. Channels from C to the next multiple of the block are zero.
/// A rank-2 tensor [N, F] is C = F, H = W = 1, block = 1.
struct ActivationGeometry {
  int64_t channels = 0, height = 1, width = 1;
  int64_t block = 1;
  Halo halo;

  bool operator==(const ActivationGeometry &) const = default;
  int64_t blocks() const { return ceilDiv(channels, block); }
  int64_t paddedHeight() const { return halo.top + height + halo.bottom; }
  int64_t paddedWidth() const { return halo.left + width + halo.right; }
  // Strides in elements.
  int64_t columnStride() const { return block; }
  int64_t rowStride() const { return block * paddedWidth(); }
  int64_t blockStride() const { return rowStride() * paddedHeight(); }
  int64_t imageElements() const { return blockStride() * blocks(); }
  int64_t imageBytes() const { return imageElements() * 4; }
  /// Element (c=0, y=0, x=0) counted from the buffer's start.
  int64_t interiorOffset() const { return halo.top * rowStride() + halo.left * columnStride(); }
};

/// A packed filter: OIHW [O, I/groups, KH, KW] in memory as [ceil(O/block)][window][KH][KW][block], f32, where block is the
/// output channels a block. An output block reads `window` consecutive input channels that start at `windowBase(block)`; for
/// groups == 1 that is all of them. Rows and lanes that belong to no channel, or to another group's, are zero.
/// Narrow groups (laneGroup) have no common window: in row j, lane l has what it multiplies with channel (l mod width) xor j of
/// its own group, which is lane l xor j of the input. A depthwise filter (groups == I == O) is the narrowest: each lane reads its
/// own.
struct FilterGeometry {
  int64_t outChannels = 0;
  int64_t inChannels = 0; // of the whole convolution, all groups together
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t groups = 1;
  int64_t block = kChannelBlock; // output channels a block
  int64_t inputBlock = 1;        // block of the input's layout: window and windowBase are multiples of it

  bool operator==(const FilterGeometry &) const = default;
  bool isDepthwise() const { return groups > 1 && groups == inChannels && groups == outChannels; }
  int64_t outBlocks() const { return ceilDiv(outChannels, block); }
  int64_t inChannelsPerGroup() const { return inChannels / groups; }
  int64_t outChannelsPerGroup() const { return outChannels / groups; }
  /// Channels a group where groups are so narrow that each lane's inputs lie in its own block: as many inputs as outputs, a power
  /// of two that divides the block and is less. 1 for a depthwise filter, 0 for all others.
  int64_t laneGroup() const;
  /// Input channels that every output block reads, a multiple of inputBlock; laneGroup where that is not 0.
  int64_t window() const;
  /// First input channel that output block `outBlock` reads, a multiple of inputBlock.
  int64_t windowBase(int64_t outBlock) const;
  int64_t packedElements() const { return outBlocks() * kernelHeight * kernelWidth * window() * block; }
  int64_t packedBytes() const { return packedElements() * 4; }
};

} // namespace resnet

#endif // RESNET_DIALECT_IR_GEOMETRY_H
