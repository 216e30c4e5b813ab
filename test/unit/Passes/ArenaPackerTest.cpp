// The packer: never two live ranges on one byte, the lower bound where packing is easy, and near it on random ranges; halos that
// stay zero.

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

static LiveRange haloed(int64_t first, int64_t last, int64_t bytes, int64_t pattern, int64_t period = 64) {
  return {first, last, bytes, pattern, period, bytes / 4};
}

using Kept = std::vector<bool>;

TEST(KeptHalos, TheSamePlaceKeepsWhatNobodyElseWrote) {
  const std::vector<LiveRange> ranges{haloed(0, 1, 128, 0), haloed(2, 3, 128, 0), haloed(4, 5, 128, 0)};
  EXPECT_EQ(keptHalos(ranges, {0, 0, 0}), (Kept{false, true, true}));
  EXPECT_EQ(keptHalos(ranges, {0, 128, 0}), (Kept{false, false, true}));
}

TEST(KeptHalos, AnythingElseInTheseBytesEndsIt) {
  EXPECT_EQ(keptHalos({haloed(0, 1, 128, 0), {2, 2, 64}, haloed(3, 3, 128, 0)}, {0, 64, 0}), (Kept{false, false, false}));
  EXPECT_EQ(keptHalos({haloed(0, 1, 128, 0), {2, 2, 64}, haloed(3, 3, 128, 0)}, {0, 128, 0}), (Kept{false, false, true}));
  EXPECT_EQ(keptHalos({haloed(0, 1, 128, 0), haloed(2, 2, 128, 1), haloed(3, 3, 128, 0)}, {0, 0, 0}), (Kept{false, false, false}))
      << "another pattern";
}

TEST(KeptHalos, MapsLieInPhaseAndInside) {
  const std::vector<LiveRange> ranges{haloed(0, 1, 512, 0, 128), haloed(2, 3, 256, 0, 128)};
  EXPECT_EQ(keptHalos(ranges, {0, 128}), (Kept{false, true})) << "fewer maps";
  EXPECT_EQ(keptHalos(ranges, {0, 64}), (Kept{false, false})) << "between two maps";
  EXPECT_EQ(keptHalos(ranges, {0, 384}), (Kept{false, false})) << "beyond the last";
}

// Blocks of a stage, with a shortcut beside each: three places for seven maps, each zeroed once, though a gap of another size is
// at hand. A stage that follows costs its own.
TEST(ArenaPacker, PrefersPlacesWhoseHaloIsZero) {
  std::vector<LiveRange> ranges;
  for (int64_t i = 0; i < 7; ++i)
    ranges.push_back(haloed(i, i + 2, 256, 0));
  for (int64_t i = 7; i < 14; ++i)
    ranges.push_back(haloed(i, i + 2, 128, 1));
  const Packing packing = packRanges(ranges);
  expectApart(ranges, packing);
  EXPECT_EQ(packing.bytes, peakBytes(ranges));
  const Kept kept = keptHalos(ranges, packing.offsets);
  EXPECT_EQ(std::count(kept.begin(), kept.end(), false), 6);
}

TEST(ArenaPacker, HalosNeverCostBytes) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    auto pick = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
    std::vector<LiveRange> plain, withHalos;
    for (int64_t i = 0; i < 40; ++i) {
      const int64_t pattern = pick(4) - 1, size = 64 * (1 + (pattern < 0 ? pick(32) : pattern * 4));
      plain.push_back({i, i + pick(5), size});
      withHalos.push_back(plain.back());
      if (pattern >= 0)
        withHalos.back().pattern = pattern, withHalos.back().period = 64, withHalos.back().haloBytes = size / 4;
    }
    const Packing packing = packRanges(withHalos);
    expectApart(withHalos, packing);
    EXPECT_LE(packing.bytes, packRanges(plain).bytes) << "seed " << seed;
  }
}
