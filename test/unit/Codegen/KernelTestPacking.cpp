// Filter packing against the layout that FilterGeometry documents, element by element, and its speed.

#include "codegen/FilterPacking.h"
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <vector>

using namespace resnet;
using namespace resnet::codegen;

// Reads the packed filter back through windowBase: every element of OIHW is found, everything else is zero.
static void expectPacked(const FilterGeometry &f) {
  const int64_t perGroup = f.inChannelsPerGroup(), taps = f.kernelHeight * f.kernelWidth;
  std::vector<float> oihw(f.outChannels * perGroup * taps), packed(f.packedElements(), NAN);
  for (size_t i = 0; i < oihw.size(); ++i)
    oihw[i] = static_cast<float>(i + 1);
  packFilter(f, oihw.data(), packed.data());
  int64_t at = 0;
  for (int64_t k = 0; k < f.outBlocks(); ++k)
    for (int64_t w = 0; w < f.window(); ++w)
      for (int64_t tap = 0; tap < taps; ++tap)
        for (int64_t lane = 0; lane < f.block; ++lane, ++at) {
          const int64_t co = k * f.block + lane;
          const int64_t ci = f.laneGroup() ? co % perGroup ^ w : f.windowBase(k) + w - co / f.outChannelsPerGroup() * perGroup;
          const bool exists = co < f.outChannels && ci >= 0 && ci < perGroup;
          ASSERT_EQ(packed[at], exists ? oihw[(co * perGroup + ci) * taps + tap] : 0.f)
              << "block " << k << " channel " << w << " tap " << tap << " lane " << lane;
        }
}

TEST(KernelTestPacking, Dense) {
  expectPacked({64, 64, 3, 3, 1, 16, 16});
  expectPacked({64, 3, 7, 7, 1, 16, 1});
  expectPacked({40, 17, 3, 3, 1, 16, 16});
  expectPacked({1000, 64, 1, 1, 1, 16, 16});
  expectPacked({33, 600, 1, 1, 1, 16, 1});
  expectPacked({32, 600, 1, 1, 1, 16, 1});
  expectPacked({5, 3, 2, 4, 1, 8, 3});
}

TEST(KernelTestPacking, Groups) {
  expectPacked({64, 64, 3, 3, 16, 16, 16});
  expectPacked({24, 24, 3, 3, 8, 16, 16});
  expectPacked({96, 96, 3, 3, 4, 16, 16});
  expectPacked({60, 20, 3, 3, 5, 16, 16});
  expectPacked({6, 6, 3, 3, 2, 16, 1});
}

TEST(KernelTestPacking, Depthwise) {
  expectPacked({32, 32, 3, 3, 32, 16, 16});
  expectPacked({17, 17, 5, 5, 17, 16, 16});
}

TEST(KernelTestPacking, GroupsNarrowerThanABlock) {
  expectPacked({16, 16, 3, 3, 8, 16, 16});
  expectPacked({128, 128, 3, 3, 32, 16, 16});
  expectPacked({20, 20, 3, 3, 5, 16, 16});
  expectPacked({24, 24, 1, 5, 3, 16, 16});
  expectPacked({24, 24, 3, 3, 6, 8, 8});
}

// As many inputs as outputs, a power of two below the block, and the input in blocks of the same size.
TEST(KernelTestPacking, LaneGroups) {
  EXPECT_EQ((FilterGeometry{16, 16, 3, 3, 8, 16, 16}.laneGroup()), 2);
  EXPECT_EQ((FilterGeometry{24, 24, 3, 3, 3, 16, 16}.laneGroup()), 8);
  EXPECT_EQ((FilterGeometry{17, 17, 3, 3, 17, 16, 1}.laneGroup()), 1);
  EXPECT_EQ((FilterGeometry{64, 64, 3, 3, 4, 16, 16}.laneGroup()), 0);
  EXPECT_EQ((FilterGeometry{48, 48, 3, 3, 16, 24, 24}.laneGroup()), 0); // three channels
  EXPECT_EQ((FilterGeometry{60, 20, 3, 3, 5, 16, 16}.laneGroup()), 0);
  EXPECT_EQ((FilterGeometry{16, 16, 3, 3, 4, 16, 1}.laneGroup()), 0);
  EXPECT_EQ((FilterGeometry{4, 4, 3, 3, 1, 16, 16}.laneGroup()), 0);
}

TEST(KernelTestPacking, VectorsArePaddedWithZeros) {
  const float src[3] = {1, 2, 3};
  float dst[9];
  std::fill_n(dst, 9, 7.f);
  packVector(3, 8, src, dst);
  const float expected[9] = {1, 2, 3, 0, 0, 0, 0, 0, 7};
  EXPECT_TRUE(std::equal(dst, dst + 9, expected));
}
