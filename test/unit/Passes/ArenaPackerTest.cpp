// The packer: never two live ranges on one byte, the lower bound where packing is easy, and near it on random ranges.

#include "passes/ArenaPacker.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <random>

using namespace resnet;

static void expectApart(const std::vector<LiveRange> &ranges, const Packing &packing) {
  for (size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_GE(packing.offsets[i], 0);
    EXPECT_LE(packing.offsets[i] + ranges[i].bytes, packing.bytes);
    for (size_t j = 0; j < i; ++j) {
      const bool liveAtOnce = ranges[i].first <= ranges[j].last && ranges[j].first <= ranges[i].last;
      const bool share =
          packing.offsets[i] < packing.offsets[j] + ranges[j].bytes && packing.offsets[j] < packing.offsets[i] + ranges[i].bytes;
      EXPECT_FALSE(liveAtOnce && share) << "ranges " << j << " and " << i;
    }
  }
}

TEST(ArenaPacker, NothingToPack) {
  EXPECT_EQ(packRanges({}).bytes, 0);
  EXPECT_EQ(peakBytes({}), 0);
}

TEST(ArenaPacker, ChainUsesTwoBuffers) {
  std::vector<LiveRange> ranges;
  for (int64_t i = 0; i < 100; ++i)
    ranges.push_back({i, i + 1, 64});
  EXPECT_EQ(packRanges(ranges).bytes, 128);
}

TEST(ArenaPacker, LastStepIsIncluded) {
  EXPECT_EQ(packRanges({{0, 1, 64}, {1, 2, 64}}).bytes, 128);
  EXPECT_EQ(packRanges({{0, 1, 64}, {2, 3, 64}}).bytes, 64);
}

// A long-lived range beside a chain of larger ones.
TEST(ArenaPacker, ShortcutBesideBlock) {
  const std::vector<LiveRange> ranges{{0, 3, 64}, {1, 2, 256}, {2, 3, 192}, {3, 4, 64}};
  const Packing packing = packRanges(ranges);
  expectApart(ranges, packing);
  EXPECT_EQ(packing.bytes, peakBytes(ranges));
}

TEST(ArenaPacker, RandomRanges) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    auto pick = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
    std::vector<LiveRange> ranges;
    const int64_t count = 1 + pick(60);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t first = pick(40);
      ranges.push_back({first, first + pick(8), 64 * (1 + pick(32))});
    }
    const Packing packing = packRanges(ranges);
    expectApart(ranges, packing);
    EXPECT_GE(packing.bytes, peakBytes(ranges));
    EXPECT_LE(packing.bytes, 1.3 * peakBytes(ranges)) << "seed " << seed;
    const Packing again = packRanges(ranges);
    EXPECT_EQ(packing.offsets, again.offsets) << "seed " << seed;
  }
}
