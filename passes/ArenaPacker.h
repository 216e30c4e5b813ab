// Packs intervals of time with sizes into one address range: the arithmetic of PlanMemory. No MLIR.

#ifndef RESNET_PASSES_ARENAPACKER_H
#define RESNET_PASSES_ARENAPACKER_H

#include <cstdint>
#include <vector>

namespace resnet {

/// `bytes` that are needed in the steps first to last, both included.
struct LiveRange {
  int64_t first = 0, last = 0, bytes = 0;
};

struct Packing {
  std::vector<int64_t> offsets; // one a range
  int64_t bytes = 0;            // end of the furthest range
};

/// Offsets at which no two ranges that share a step share a byte; multiples of the alignment if all sizes are. Deterministic.
Packing packRanges(const std::vector<LiveRange> &ranges);

/// The most bytes that live in one step: no packing is smaller.
int64_t peakBytes(const std::vector<LiveRange> &ranges);

} // namespace resnet

#endif // RESNET_PASSES_ARENAPACKER_H
