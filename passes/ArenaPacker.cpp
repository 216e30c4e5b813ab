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

// Indices of the ranges in an order; those that compare equal as they come.
template <typename Before> static std::vector<size_t> inOrder(const std::vector<LiveRange> &ranges, const Before &before) {
  std::vector<size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return before(ranges[a], ranges[b]) || (!before(ranges[b], ranges[a]) && a < b); });
  return order;
}

static bool livesEarlier(const LiveRange &a, const LiveRange &b) { return a.first < b.first; }

std::vector<bool> resnet::keptHalos(const std::vector<LiveRange> &ranges, const std::vector<int64_t> &offsets) {
  struct Zeroed {
    int64_t begin, end, pattern, period;
    bool inPhase(const LiveRange &r, int64_t offset) const { return r.pattern == pattern && (offset - begin) % period == 0; }
  };
  std::vector<bool> kept(ranges.size());
  std::vector<Zeroed> zeroed;
  for (size_t i : inOrder(ranges, livesEarlier)) {
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

namespace {

/// For each range the others that share a step with it. In networks few buffers live at once, so these lists are short, and
/// packing takes time linear in the depth.
class Neighbours {
public:
  explicit Neighbours(const std::vector<LiveRange> &ranges) : lists(ranges.size()) {
    std::vector<size_t> live;
    for (size_t i : inOrder(ranges, livesEarlier)) {
      std::erase_if(live, [&](size_t j) { return ranges[j].last < ranges[i].first; });
      for (size_t j : live) {
        lists[i].push_back(j);
        lists[j].push_back(i);
      }
      live.push_back(i);
      count += live.size();
    }
  }
  const std::vector<size_t> &of(size_t i) const { return lists[i]; }
  int64_t pairs() const { return count; }

private:
  std::vector<std::vector<size_t>> lists;
  int64_t count = 0;
};

/// Puts ranges one after the other, in any order, between those that live with them.
class Packer {
public:
  Packer(const std::vector<LiveRange> &ranges, const Neighbours &neighbours)
      : packing{std::vector<int64_t>(ranges.size(), kUnplaced)}, ranges(ranges), neighbours(neighbours) {}

  // Into the smallest gap between those that live with it, or behind them; with keepHalos, where another of its pattern lies if
  // that keeps the packing within `bound` bytes or the size that it has anyway.
  void place(size_t i, bool keepHalos, int64_t bound) {
    const LiveRange &range = ranges[i];
    occupied.clear();
    for (size_t j : neighbours.of(i))
      if (packing.offsets[j] != kUnplaced)
        occupied.push_back({packing.offsets[j], packing.offsets[j] + ranges[j].bytes});
    std::sort(occupied.begin(), occupied.end());
    int64_t end = 0, best = -1, bestGap = 0;
    for (const auto &[begin, otherEnd] : occupied) {
      const int64_t gap = begin - end;
      if (gap >= range.bytes && (best < 0 || gap < bestGap)) {
        best = end;
        bestGap = gap;
      }
      end = std::max(end, otherEnd);
    }
    int64_t offset = best < 0 ? end : best;
    if (keepHalos && range.pattern >= 0)
      if (const int64_t place = haloPlace(range, std::max(bound, packing.bytes)); place >= 0)
        offset = place;
    packing.offsets[i] = offset;
    packing.bytes = std::max(packing.bytes, offset + range.bytes);
    if (range.pattern >= 0) {
      int64_t &largest = places[range.pattern][offset];
      largest = std::max(largest, range.bytes);
    }
  }

  Packing packing;

private:
  // An offset where a range of the same pattern lies that is free as long as this one lives; -1 if there is none below `limit`.
  // The lowest, so that few places hold all ranges of a pattern.
  int64_t haloPlace(const LiveRange &range, int64_t limit) {
    for (const auto &[begin, largest] : places[range.pattern]) {
      const int64_t end = begin + range.bytes, start = begin;
      if (largest < range.bytes || end > limit)
        continue;
      if (std::none_of(occupied.begin(), occupied.end(), [&](const auto &o) { return o.first < end && start < o.second; }))
        return begin;
    }
    return -1;
  }

  static constexpr int64_t kUnplaced = -1;
  const std::vector<LiveRange> &ranges;
  const Neighbours &neighbours;
  std::vector<std::pair<int64_t, int64_t>> occupied;    // bytes of those that live with the range that is placed, by offset
  std::map<int64_t, std::map<int64_t, int64_t>> places; // of each pattern: the largest range at each offset
};

} // namespace

Packing resnet::packRanges(const std::vector<LiveRange> &ranges) {
  const int64_t bound = peakBytes(ranges);
  const Neighbours neighbours(ranges);
  const bool anyHalo = std::any_of(ranges.begin(), ranges.end(), [](const LiveRange &r) { return r.pattern >= 0; });
  using Order = std::function<bool(const LiveRange &, const LiveRange &)>;
  const Order orders[] = {
      [](const LiveRange &a, const LiveRange &b) { return a.bytes > b.bytes; },
      [](const LiveRange &a, const LiveRange &b) { return a.last - a.first > b.last - b.first; },
      [](const LiveRange &a, const LiveRange &b) { return a.bytes * (a.last - a.first + 1) > b.bytes * (b.last - b.first + 1); },
      livesEarlier,
  };
  Packing best;
  int64_t bestZeroed = 0;
  best.bytes = -1;
  for (const Order &before : orders) {
    const std::vector<size_t> order = inOrder(ranges, before);
    for (bool keepHalos : {false, true}) {
      if (keepHalos && !anyHalo)
        continue;
      Packer packer(ranges, neighbours);
      for (size_t i : order)
        packer.place(i, keepHalos, bound);
      Packing &packing = packer.packing;
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
  best.pairs = neighbours.pairs();
  return best;
}
