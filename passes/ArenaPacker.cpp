// Greedy best fit in several orders; the smallest packing, and of those the one that zeroes least. Optimal packing is NP-hard; on
// residual networks, whose live ranges nest, some order reaches the bound nearly always.

#include "passes/ArenaPacker.h"
#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

using namespace resnet;

int64_t resnet::peakBytes(const std::vector<LiveRange> &ranges) {
  std::map<int64_t, int64_t> changes;
  for (const LiveRange &r : ranges) {
    changes[r.first] += r.bytes;
    changes[r.last + 1] -= r.bytes;
  }
  int64_t live = 0, peak = 0;
  for (auto [step, change] : changes)
    peak = std::max(peak, live += change);
  return peak;
}

std::vector<bool> resnet::keptHalos(const std::vector<LiveRange> &ranges, const std::vector<int64_t> &offsets) {
  struct Zeroed {
    int64_t begin, end, pattern, period;
    bool inPhase(const LiveRange &r, int64_t offset) const { return r.pattern == pattern && (offset - begin) % period == 0; }
  };
  std::vector<size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ranges[a].first < ranges[b].first; });
  std::vector<bool> kept(ranges.size());
  std::vector<Zeroed> zeroed;
  for (size_t i : order) {
    const LiveRange &range = ranges[i];
    const int64_t begin = offsets[i], end = begin + range.bytes;
    kept[i] = std::any_of(zeroed.begin(), zeroed.end(),
                          [&](const Zeroed &z) { return z.begin <= begin && end <= z.end && z.inPhase(range, begin); });
    std::erase_if(zeroed, [&](const Zeroed &z) { return z.begin < end && begin < z.end && !z.inPhase(range, begin); });
    if (range.pattern >= 0 && !kept[i])
      zeroed.push_back({begin, end, range.pattern, range.period});
  }
  return kept;
}

static int64_t zeroedBytes(const std::vector<LiveRange> &ranges, const std::vector<int64_t> &offsets) {
  const std::vector<bool> kept = keptHalos(ranges, offsets);
  int64_t bytes = 0;
  for (size_t i = 0; i < ranges.size(); ++i)
    bytes += kept[i] ? 0 : ranges[i].haloBytes;
  return bytes;
}

static bool liveAtOnce(const LiveRange &a, const LiveRange &b) { return a.first <= b.last && b.first <= a.last; }

// An offset where a range of the same pattern lies that is free as long as this one lives; -1 if there is none below `limit`.
// The lowest, so that few places hold all ranges of a pattern.
static int64_t haloPlace(const std::vector<LiveRange> &ranges, const std::vector<size_t> &placed,
                         const std::vector<int64_t> &offsets, const LiveRange &range, int64_t limit) {
  int64_t tried = -1; // many ranges lie at few offsets
  for (size_t j : placed) {
    const int64_t begin = offsets[j], end = begin + range.bytes;
    if (begin == tried || ranges[j].pattern != range.pattern || ranges[j].bytes < range.bytes || end > limit)
      continue;
    tried = begin;
    if (std::none_of(placed.begin(), placed.end(), [&](size_t k) {
          return liveAtOnce(ranges[k], range) && offsets[k] < end && begin < offsets[k] + ranges[k].bytes;
        }))
      return begin;
  }
  return -1;
}

// Puts each range, in the given order, into the smallest gap between those that live with it, or behind them; with keepHalos,
// where another of its pattern lies if that keeps the packing within `bound` bytes or the size that it has anyway.
static Packing packInOrder(const std::vector<LiveRange> &ranges, const std::vector<size_t> &order, bool keepHalos,
                           int64_t bound) {
  Packing result{std::vector<int64_t>(ranges.size()), 0};
  std::vector<size_t> placed; // by offset
  for (size_t i : order) {
    const LiveRange &range = ranges[i];
    int64_t end = 0, best = -1, bestGap = 0;
    for (size_t j : placed) {
      const LiveRange &other = ranges[j];
      if (!liveAtOnce(other, range))
        continue;
      const int64_t gap = result.offsets[j] - end;
      if (gap >= range.bytes && (best < 0 || gap < bestGap)) {
        best = end;
        bestGap = gap;
      }
      end = std::max(end, result.offsets[j] + other.bytes);
    }
    int64_t offset = best < 0 ? end : best;
    if (keepHalos && range.pattern >= 0)
      if (const int64_t place = haloPlace(ranges, placed, result.offsets, range, std::max(bound, result.bytes)); place >= 0)
        offset = place;
    result.offsets[i] = offset;
    result.bytes = std::max(result.bytes, offset + range.bytes);
    auto behind =
        std::upper_bound(placed.begin(), placed.end(), offset, [&](int64_t o, size_t j) { return o < result.offsets[j]; });
    placed.insert(behind, i);
  }
  return result;
}

Packing resnet::packRanges(const std::vector<LiveRange> &ranges) {
  const int64_t bound = peakBytes(ranges);
  const bool anyHalo = std::any_of(ranges.begin(), ranges.end(), [](const LiveRange &r) { return r.pattern >= 0; });
  using Order = std::function<bool(const LiveRange &, const LiveRange &)>;
  const Order orders[] = {
      [](const LiveRange &a, const LiveRange &b) { return a.bytes > b.bytes; },
      [](const LiveRange &a, const LiveRange &b) { return a.last - a.first > b.last - b.first; },
      [](const LiveRange &a, const LiveRange &b) { return a.bytes * (a.last - a.first + 1) > b.bytes * (b.last - b.first + 1); },
      [](const LiveRange &a, const LiveRange &b) { return a.first < b.first; },
  };
  Packing best;
  int64_t bestZeroed = 0;
  best.bytes = -1;
  for (const Order &before : orders) {
    std::vector<size_t> order(ranges.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return before(ranges[a], ranges[b]) || (!before(ranges[b], ranges[a]) && a < b); });
    for (bool keepHalos : {false, true}) {
      if (keepHalos && !anyHalo)
        continue;
      Packing packing = packInOrder(ranges, order, keepHalos, bound);
      if (best.bytes >= 0 && packing.bytes > best.bytes)
        continue;
      const int64_t zeroed = zeroedBytes(ranges, packing.offsets);
      if (best.bytes < 0 || packing.bytes < best.bytes || zeroed < bestZeroed) {
        best = std::move(packing);
        bestZeroed = zeroed;
      }
    }
    if (best.bytes == bound && !anyHalo)
      break;
  }
  return best;
}
