// Packs intervals of time with sizes into one address range: the arithmetic of PlanMemory. No MLIR.

#ifndef RESNET_PASSES_ARENAPACKER_H
#define RESNET_PASSES_ARENAPACKER_H

#include <cstdint>
#include <vector>

namespace resnet {

/// `bytes` that are needed in the steps first to last, both included. In the step `first`, which is no other range's, all but its
/// halo is written.
struct LiveRange {
  int64_t first = 0, last = 0, bytes = 0;
  /// Ranges with a halo have a pattern, a number that stands for where in each `period` bytes the halo lies; -1: no halo.
  int64_t pattern = -1, period = 1;
  int64_t haloBytes = 0;
};

struct Packing {
  std::vector<int64_t> offsets; // one a range
  int64_t bytes = 0;            // end of the furthest range
  int64_t pairs = 0;            // of ranges that share a step, themselves included: what packing takes time for
};

/// Offsets at which no two ranges that share a step share a byte; multiples of the alignment if all sizes are. Among packings of
/// one size, one with few halos to zero. Deterministic.
Packing packRanges(const std::vector<LiveRange> &ranges);

/// For each range with a halo, whether it is zero already when the range begins: a range of the same pattern, in phase, had it
/// zeroed, and no other range has been written to those bytes since.
std::vector<bool> keptHalos(const std::vector<LiveRange> &ranges, const std::vector<int64_t> &offsets);

/// The most bytes that live in one step: no packing is smaller.
int64_t peakBytes(const std::vector<LiveRange> &ranges);

} // namespace resnet

#endif // RESNET_PASSES_ARENAPACKER_H
