// Greedy best fit in several orders; the first that reaches the lower bound, else the smallest. Optimal packing is NP-hard; on
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

// Puts each range, in the given order, into the smallest gap between those that live with it, or behind them.
static Packing packInOrder(const std::vector<LiveRange> &ranges, const std::vector<size_t> &order) {
  Packing result{std::vector<int64_t>(ranges.size()), 0};
  std::vector<size_t> placed; // by offset
  for (size_t i : order) {
    const LiveRange &range = ranges[i];
    int64_t end = 0, best = -1, bestGap = 0;
    for (size_t j : placed) {
      const LiveRange &other = ranges[j];
      if (other.last < range.first || range.last < other.first)
        continue;
      const int64_t gap = result.offsets[j] - end;
      if (gap >= range.bytes && (best < 0 || gap < bestGap)) {
        best = end;
        bestGap = gap;
      }
      end = std::max(end, result.offsets[j] + other.bytes);
    }
    const int64_t offset = result.offsets[i] = best < 0 ? end : best;
    result.bytes = std::max(result.bytes, offset + range.bytes);
    auto behind =
        std::upper_bound(placed.begin(), placed.end(), offset, [&](int64_t o, size_t j) { return o < result.offsets[j]; });
    placed.insert(behind, i);
  }
  return result;
}

Packing resnet::packRanges(const std::vector<LiveRange> &ranges) {
  const int64_t bound = peakBytes(ranges);
  using Order = std::function<bool(const LiveRange &, const LiveRange &)>;
  const Order orders[] = {
      [](const LiveRange &a, const LiveRange &b) { return a.bytes > b.bytes; },
      [](const LiveRange &a, const LiveRange &b) { return a.last - a.first > b.last - b.first; },
      [](const LiveRange &a, const LiveRange &b) { return a.bytes * (a.last - a.first + 1) > b.bytes * (b.last - b.first + 1); },
      [](const LiveRange &a, const LiveRange &b) { return a.first < b.first; },
  };
  Packing best;
  best.bytes = -1;
  for (const Order &before : orders) {
    std::vector<size_t> order(ranges.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return before(ranges[a], ranges[b]) || (!before(ranges[b], ranges[a]) && a < b); });
    Packing packing = packInOrder(ranges, order);
    if (best.bytes < 0 || packing.bytes < best.bytes)
      best = std::move(packing);
    if (best.bytes == bound)
      break;
  }
  return best;
}
