// Grouped and depthwise convolutions against plain loops: widths of groups, windows, strides, dilations, maps that tiles do not
// divide, and all that the other convolutions do with their sums.

#include "KernelReference.h"
#include "codegen/schedules/Candidates.h"
#include "codegen/schedules/ScheduleCheck.h"
#include <gtest/gtest.h>
#include <ostream>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

/// As many inputs as outputs, padding that keeps the map at stride 1, bias and ReLU.
struct GroupedCase {
  int64_t channels, groups, height, width, size = 3, stride = 1, dilation = 1;

  KernelSpec spec() const {
    KernelSpec s;
    s.kind = KernelKind::Conv2d;
    const int64_t pad = size / 2 * dilation, reach = dilation * (size - 1);
    s.padding = {pad, pad, pad, pad};
    s.input = {channels, height, width, kChannelBlock, s.padding};
    s.output = {
        channels, (height + 2 * pad - reach - 1) / stride + 1, (width + 2 * pad - reach - 1) / stride + 1, kChannelBlock, {}};
    s.filter = {channels, channels, size, size, groups, kChannelBlock, kChannelBlock};
    s.strides = {stride, stride}, s.dilations = {dilation, dilation};
    s.epilogue.bias = true;
    s.epilogue.activation = Activation::Relu;
    return s;
  }
};

void PrintTo(const GroupedCase &c, std::ostream *os) { *os << toString(c.spec()); }

class KernelTestGroups : public testing::TestWithParam<GroupedCase> {};

} // namespace

TEST_P(KernelTestGroups, MatchesReference) { expectMatchesReferenceOnAllTargets(GetParam().spec()); }

INSTANTIATE_TEST_SUITE_P(Widths, KernelTestGroups,
                         testing::Values(GroupedCase{32, 16, 8, 8}, GroupedCase{32, 8, 8, 8}, GroupedCase{32, 4, 8, 8},
                                         GroupedCase{32, 2, 8, 8}, GroupedCase{64, 2, 8, 8}, GroupedCase{128, 32, 7, 7}));

// Channels and groups that end inside a block.
INSTANTIATE_TEST_SUITE_P(Channels, KernelTestGroups,
                         testing::Values(GroupedCase{20, 5, 6, 6}, GroupedCase{24, 3, 6, 6}, GroupedCase{6, 3, 6, 6},
                                         GroupedCase{8, 2, 6, 6}, GroupedCase{34, 17, 5, 5}, GroupedCase{40, 5, 9, 9},
                                         GroupedCase{36, 12, 6, 6}, GroupedCase{72, 3, 6, 6}, GroupedCase{30, 3, 6, 6},
                                         GroupedCase{40, 1, 6, 6}, GroupedCase{17, 17, 6, 6}));

INSTANTIATE_TEST_SUITE_P(Maps, KernelTestGroups,
                         testing::Values(GroupedCase{16, 4, 1, 1}, GroupedCase{16, 4, 2, 3}, GroupedCase{16, 4, 3, 15},
                                         GroupedCase{16, 4, 2, 57}, GroupedCase{16, 2, 3, 29}, GroupedCase{16, 16, 2, 113},
                                         GroupedCase{16, 8, 56, 1}, GroupedCase{32, 8, 11, 23}));

INSTANTIATE_TEST_SUITE_P(Windows, KernelTestGroups,
                         testing::Values(GroupedCase{32, 8, 9, 9, 1}, GroupedCase{32, 8, 9, 11, 5}, GroupedCase{16, 4, 9, 5, 7},
                                         GroupedCase{16, 16, 9, 11, 7}, GroupedCase{32, 8, 9, 13, 3, 2},
                                         GroupedCase{32, 8, 8, 8, 3, 2}, GroupedCase{32, 4, 13, 29, 3, 2},
                                         GroupedCase{16, 16, 8, 29, 3, 2}, GroupedCase{16, 16, 9, 13, 5, 2},
                                         GroupedCase{32, 8, 9, 13, 1, 2}, GroupedCase{32, 8, 10, 13, 3, 3},
                                         GroupedCase{32, 8, 9, 13, 3, 1, 2}, GroupedCase{16, 2, 14, 17, 3, 1, 4},
                                         GroupedCase{16, 16, 14, 17, 3, 1, 2}, GroupedCase{16, 4, 14, 17, 3, 2, 2},
                                         GroupedCase{64, 2, 14, 17, 3, 2, 2}));

// The sum is written over the shortcut: no element may be stored twice.
TEST(KernelTestGroups, AddsToTheOutput) {
  for (const GroupedCase &c : {GroupedCase{20, 5, 6, 6}, GroupedCase{24, 3, 3, 17}, GroupedCase{16, 4, 2, 29, 3, 2},
                               GroupedCase{40, 40, 3, 29}, GroupedCase{34, 17, 5, 15}}) {
    KernelSpec s = c.spec();
    s.addend = s.output;
    s.epilogue.addend = s.epilogue.addendInPlace = true;
    s.output.halo = s.addend.halo = {1, 2, 3, 4};
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestGroups, HalosPaddingAndActivatedChannels) {
  for (int64_t groups : {3, 6, 12, 24}) {
    KernelSpec s = GroupedCase{24, groups, 9, 15}.spec();
    s.padding = {0, 2, 1, 0};
    s.input.halo = {2, 3, 1, 4};
    s.output.height = 8;
    s.output.halo = {1, 1, 1, 1};
    s.epilogue.bias = false;
    s.epilogue.activatedChannels = 20;
    s.output.width = 15;
    s.addend = s.output;
    s.addend.halo = {0, 2, 3, 1};
    s.epilogue.addend = true;
    expectMatchesReferenceOnAllTargets(s);
    s.debug = true; // with Halide's checks of the region that is read
    expectMatchesReferenceOnAllTargets(s);
  }
}

// Outputs in another block than the filter's, and inputs in another than both.
TEST(KernelTestGroups, OtherBlocks) {
  for (int64_t groups : {5, 40}) {
    KernelSpec s = GroupedCase{40, groups, 6, 29}.spec();
    for (int64_t block : {1, 40}) {
      s.output.block = block;
      expectMatchesReferenceOnAllTargets(s);
    }
    s.output.block = kChannelBlock;
    s.input.block = s.filter.inputBlock = 8;
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestGroups, CandidatesMatchTheReference) {
  for (const GroupedCase &c : {GroupedCase{32, 8, 9, 14}, GroupedCase{32, 4, 9, 14, 3, 2}, GroupedCase{48, 48, 9, 14, 5}}) {
    KernelSpec s = c.spec();
    const std::vector<ConvSchedule> candidates = candidateSchedules(s);
    EXPECT_GE(candidates.size(), 3u);
    for (const ConvSchedule &schedule : candidates) {
      s.schedule = schedule;
      SCOPED_TRACE(toString(s));
      expectMatchesReference(s);
    }
  }
}

// Blocks whose lanes read their own inputs share none.
TEST(KernelTestGroups, TilesHaveOneBlock) {
  KernelSpec s = GroupedCase{64, 16, 8, 8}.spec();
  s.target = Target::X86_64_v4;
  s.schedule = *parseConvSchedule("direct tile=4x2");
  EXPECT_EQ(checkSchedule(s), "expected a tile of blocks that read the same input channels, got 2 blocks");
  s.schedule = *parseConvSchedule("direct tile=8x1 rows=2");
  EXPECT_EQ(checkSchedule(s), "");
}

TEST(KernelTestGroups, ABatchChangesNoBit) {
  KernelSpec s = GroupedCase{24, 6, 7, 9}.spec();
  s.batch = 3;
  expectMatchesReferenceOnAllTargets(s);
  s.debug = true;
  expectMatchesReference(s);
}
