// Which Winograd schedules a convolution can have: one refusal a rule, and what the candidates have in common.

#include "codegen/schedules/WinogradSchedule.h"
#include "ConvolutionCases.h"
#include "codegen/schedules/ScheduleCheck.h"
#include <algorithm>
#include <gtest/gtest.h>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

static std::string check(KernelSpec spec, const char *schedule, int64_t batch = 0) {
  spec.batch = batch;
  spec.schedule = *parseConvSchedule(schedule);
  return checkSchedule(spec);
}

// Convolutions that have no Winograd schedule, each for one reason.
static std::vector<KernelSpec> withoutWinograd() {
  const KernelSpec spec = convolution(64, 64, 28, 3);
  std::vector<KernelSpec> all(4, spec);
  all[0].filter.groups = 4;
  all[1].dilations = {2, 2};
  all[2].strides = {1, 2};
  all[3].input.block = 1;
  for (const KernelSpec &other : {convolution(64, 64, 28, 1), convolution(64, 64, 28, 5), convolution(64, 64, 28, 3, 3)})
    all.push_back(other);
  return all;
}

TEST(WinogradSchedule, IsForSomeConvolutions) {
  EXPECT_EQ(check(convolution(64, 64, 28, 3), "winograd4 tile=2x1"), "");
  EXPECT_EQ(check(convolution(64, 64, 28, 3, 2), "winograd4 tile=2x1"), "");
  for (const KernelSpec &spec : withoutWinograd()) {
    EXPECT_FALSE(supportsWinograd(spec)) << toString(spec);
    EXPECT_EQ(check(spec, "winograd4 tile=1x1"),
              "Winograd is for 3x3 filters with stride 1 or 2, undilated and ungrouped, over channels in blocks of 16");
  }
}

// Seven rows of seven tiles of 4 x 4 outputs, six blocks of output channels.
TEST(WinogradSchedule, EachRuleIsNamed) {
  KernelSpec spec = convolution(64, 96, 28, 3);
  EXPECT_EQ(check(spec, "winograd4 tile=7x1 tile_rows=7"), "expected a tile that fits the registers of x86-64-v3, got 7x1");
  EXPECT_EQ(check(spec, "winograd4 tile=2x1 rows=7"),
            "expected a Winograd schedule without the tasks of a direct one, got 'winograd4 tile=2x1 rows=7'");
  EXPECT_EQ(check(spec, "winograd4 tile=2x1 tile_rows=2"), "tile_rows does not divide the map's 7 rows of tiles");
  EXPECT_EQ(check(convolution(64, 80, 28, 3), "winograd4 tile=2x2"),
            "the register tile does not divide the 5 blocks of output channels");
  EXPECT_EQ(check(convolution(64, 96, 4, 3), "winograd4 tile=2x1"), "the register tile is larger than a group of tiles");
  spec.schedule = *parseConvSchedule("winograd4 tile=2x1");
  spec.schedule.outputTile = 3;
  EXPECT_EQ(checkSchedule(spec), "Winograd's output tile is 2, 4 or 6");
}

TEST(WinogradSchedule, ImagesDivideTheBatchAndCoverTheMap) {
  const KernelSpec spec = convolution(64, 96, 8, 3);
  const char *problem = "images of one product need tile_rows that cover the map and a batch that they divide";
  EXPECT_EQ(check(spec, "winograd4 tile=2x1 tile_rows=2 images=4 filter_outermost", 8), "");
  EXPECT_EQ(check(spec, "winograd4 tile=2x1 tile_rows=2 images=4 filter_outermost", 6), problem);
  EXPECT_EQ(check(spec, "winograd4 tile=2x1 tile_rows=2 images=4 filter_outermost"), problem); // any batch
  EXPECT_EQ(check(spec, "winograd4 tile=2x1 images=4 filter_outermost", 8), problem);          // one row of two
}

TEST(WinogradSchedule, InputChannelsAreWholeBlocksOrPartsOfOne) {
  const KernelSpec spec = convolution(96, 96, 8, 3);
  const auto parts = [&](int channels, const char *rest = "filter_outermost", int rows = 2) {
    return check(spec, ("winograd4 tile=2x1 tile_rows=" + std::to_string(rows) + " input_channels=" + std::to_string(channels) +
                        " " + rest)
                           .c_str());
  };
  for (int channels : {1, 8, 16, 32, 48, 96})
    EXPECT_EQ(parts(channels), "") << channels;
  for (int channels : {3, 12, 24, 64, 192})
    EXPECT_EQ(parts(channels), "input_channels divides neither a block nor the channels in whole blocks") << channels;
  const char *problem = "input_channels needs filter_outermost and tile_rows that cover the map";
  EXPECT_EQ(parts(16, ""), problem);
  EXPECT_EQ(parts(16, "filter_outermost", 1), problem);
}

TEST(WinogradSchedule, MixedTilesAreTheMap) {
  const KernelSpec spec = convolution(64, 96, 14, 3);
  EXPECT_EQ(check(spec, "winograd4 tile=2x1 tile_rows=4 mixed_tiles"), "");
  EXPECT_EQ(check(convolution(64, 96, 14, 3, 2), "winograd4 tile=2x1 tile_rows=2 mixed_tiles"), "");
  EXPECT_EQ(check(spec, "winograd4 tile=2x1 tile_rows=2 mixed_tiles"),
            "mixed_tiles need tile_rows that cover the map's 4 rows of tiles");
  EXPECT_EQ(check(convolution(64, 96, 28, 3), "winograd4 tile=2x1 tile_rows=7 mixed_tiles"),
            "mixed_tiles are for maps that tiles of 4 do not divide");
  EXPECT_EQ(check(spec, "direct tile=2x1 mixed_tiles"),
            "expected a direct schedule without fields of Winograd's, got 'direct tile=2x1 mixed_tiles'");
}

// Where equal tiles pass the map's edges, and only there.
TEST(WinogradSchedule, CandidatesHaveMixedTiles) {
  const auto mixed = [](const KernelSpec &spec) {
    const std::vector<ConvSchedule> all = winogradCandidates(spec);
    return std::count_if(all.begin(), all.end(), [](const ConvSchedule &s) { return s.mixedTiles; });
  };
  EXPECT_GT(mixed(convolution(256, 256, 14, 3)), 0);
  EXPECT_GT(mixed(convolution(512, 512, 7, 3)), 0);
  EXPECT_GT(mixed(convolution(256, 512, 14, 3, 2)), 0);
  EXPECT_EQ(mixed(convolution(64, 64, 56, 3)), 0);
  EXPECT_EQ(mixed(convolution(128, 128, 28, 3)), 0);
}

TEST(WinogradSchedule, CandidatesAreLegalAndDistinct) {
  for (Target target : {Target::X86_64, Target::X86_64_v3, Target::X86_64_v4})
    for (int64_t batch : {0, 1, 8})
      for (KernelSpec spec : {convolution(64, 64, 56, 3), convolution(128, 256, 28, 3, 2), convolution(512, 512, 7, 3),
                              convolution(16, 16, 32, 3), convolution(16, 16, 1, 3)}) {
        spec.target = target;
        spec.batch = batch;
        const std::vector<ConvSchedule> candidates = winogradCandidates(spec);
        EXPECT_FALSE(candidates.empty()) << toString(spec);
        for (const ConvSchedule &candidate : candidates) {
          spec.schedule = candidate;
          EXPECT_EQ(checkSchedule(spec), "") << toString(spec);
          EXPECT_EQ(candidate.algorithm, ConvAlgorithm::Winograd);
          EXPECT_TRUE(candidate.outputTile == 2 || candidate.outputTile == 4) << toString(candidate);
          EXPECT_EQ(std::count(candidates.begin(), candidates.end(), candidate), 1) << toString(candidate);
        }
      }
}

TEST(WinogradSchedule, OthersHaveNoCandidates) {
  for (const KernelSpec &spec : withoutWinograd())
    EXPECT_TRUE(winogradCandidates(spec).empty()) << toString(spec);
}

// A small map fills a register tile only together with those of other images.
TEST(WinogradSchedule, BatchesShareProducts) {
  KernelSpec spec = convolution(512, 512, 7, 3);
  const auto images = [&](int64_t batch) {
    spec.batch = batch;
    int64_t most = 0;
    for (const ConvSchedule &candidate : winogradCandidates(spec))
      most = std::max(most, candidate.images);
    return most;
  };
  EXPECT_EQ(images(0), 1);
  EXPECT_EQ(images(1), 1);
  EXPECT_EQ(images(8), 8);
}
