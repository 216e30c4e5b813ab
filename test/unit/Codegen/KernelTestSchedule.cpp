// Schedules as data: their text, what is refused, and that every candidate computes the same.

#include "ConvolutionCases.h"
#include "KernelReference.h"
#include "codegen/halide/KernelCompiler.h"
#include "codegen/schedules/Candidates.h"
#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/ScheduleCheck.h"
#include <algorithm>
#include <gtest/gtest.h>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

static std::string check(KernelSpec spec, const char *schedule) {
  const std::optional<ConvSchedule> parsed = parseConvSchedule(schedule);
  EXPECT_TRUE(parsed) << schedule;
  spec.schedule = *parsed;
  return checkSchedule(spec);
}

TEST(KernelTestSchedule, TextIsReadBack) {
  for (const char *text :
       {"direct tile=1x1", "direct tile=14x2 tiles=3 rows=4 filter_outermost", "winograd2 tile=8x2 tile_rows=4",
        "winograd4 tile=4x4 tile_rows=2 images=8 input_channels=48 filter_outermost", "winograd6 tile=7x4",
        "winograd4 tile=4x2 tile_rows=4 mixed_tiles filter_outermost"}) {
    const std::optional<ConvSchedule> schedule = parseConvSchedule(text);
    ASSERT_TRUE(schedule) << text;
    EXPECT_EQ(toString(*schedule), text);
  }
}

TEST(KernelTestSchedule, OtherTextIsRefused) {
  for (const char *text :
       {"", "indirect", "winograd", "winograd3 tile=1x1", "direct tile=14", "direct tile=x2", "direct tile=0x1",
        "direct tile=1x-1", "direct tile=1x1 rows=", "direct tile=1x1 rows=2.5", "direct tile=1x1 rows=99999999999999999999",
        "direct tile=1x1 colour=1", "direct tile=1x1 filter_innermost"})
    EXPECT_FALSE(parseConvSchedule(text)) << text;
}

// One rule each.
TEST(KernelTestSchedule, IllegalSchedulesAreNamed) {
  const KernelSpec spec = convolution(64, 96, 28, 3); // six blocks of output channels, 16 registers, two of which hold a block
  EXPECT_EQ(check(spec, "direct tile=6x1 tiles=5 rows=7"), "");
  EXPECT_EQ(checkSchedule(spec), "expected a schedule, got none");
  EXPECT_EQ(check(spec, "direct tile=7x1"), "expected a tile that fits the registers of x86-64-v3, got 7x1");
  EXPECT_EQ(check(convolution(64, 80, 28, 3), "direct tile=1x2"),
            "expected blocks of a tile that divide the 5 blocks of channels, got 2");
  EXPECT_EQ(check(spec, "direct tile=6x1 tiles=2"), "expected tiles of a task that divide the 5 tiles of a row, got 2");
  EXPECT_EQ(check(spec, "direct tile=6x1 rows=5"), "expected rows of a task that divide the 28 rows, got 5");
  EXPECT_EQ(check(spec, "direct tile=6x1 images=2"),
            "expected a direct schedule without fields of Winograd's, got 'direct tile=6x1 images=2'");
  EXPECT_EQ(check(convolution(64, 96, 4, 3), "direct tile=6x1"), "expected a tile of at most 4 columns, got 6");
  KernelSpec grouped = spec;
  grouped.filter.groups = 6;
  EXPECT_EQ(check(grouped, "direct tile=2x2"), "expected a tile of blocks that read the same input channels, got 2 blocks");
  EXPECT_EQ(check(grouped, "direct tile=2x1"), "");
}

TEST(KernelTestSchedule, CandidatesAreDistinctLegalAndBeginWithTheModels) {
  for (Target target : {Target::X86_64, Target::X86_64_v3, Target::X86_64_v4})
    for (KernelSpec spec : {convolution(64, 64, 56, 3), convolution(512, 512, 7, 3), convolution(64, 256, 56, 1),
                            convolution(256, 512, 28, 1, 2), convolution(16, 16, 32, 3), convolution(16, 16, 1, 1)}) {
      spec.target = target;
      const std::vector<ConvSchedule> candidates = candidateSchedules(spec);
      ASSERT_FALSE(candidates.empty());
      EXPECT_EQ(candidates.front(), chooseDirectSchedule(spec));
      for (size_t i = 0; i < candidates.size(); ++i) {
        spec.schedule = candidates[i];
        EXPECT_EQ(checkSchedule(spec), "") << toString(spec);
        EXPECT_EQ(std::count(candidates.begin(), candidates.end(), candidates[i]), 1) << toString(spec);
      }
    }
}

TEST(KernelTestSchedule, ModelsChoiceIsLegalForAnyShape) {
  KernelSpec depthwise = convolution(64, 64, 14, 3), grouped = depthwise, planar = depthwise;
  depthwise.filter.groups = 64;
  grouped.filter.groups = 4;
  planar.output.block = 1;
  for (KernelSpec spec : {depthwise, grouped, planar, convolution(17, 40, 9, 5), convolution(1, 1, 1, 1)})
    for (bool winograd : {false, true}) {
      spec.schedule = chooseSchedule(spec, winograd);
      EXPECT_EQ(checkSchedule(spec), "") << toString(spec);
      EXPECT_GT(estimateCycles(spec, spec.schedule), 0);
    }
}

// The compiler refuses what checkSchedule does, rather than overrunning a map.
TEST(KernelTestSchedule, IllegalSchedulesAreNotCompiled) {
  KernelSpec spec = convolution(16, 16, 8, 3);
  spec.schedule = *parseConvSchedule("direct tile=4x1 rows=3");
  EXPECT_EQ(compileKernel(spec, "k").error, "expected rows of a task that divide the 8 rows, got 3");
}

TEST(KernelTestSchedule, CandidatesMatchTheReference) {
  for (KernelSpec spec : {convolution(32, 64, 9, 3), convolution(64, 32, 7, 1)}) {
    for (const ConvSchedule &schedule : candidateSchedules(spec)) {
      spec.schedule = schedule;
      SCOPED_TRACE(toString(spec));
      expectMatchesReference(spec);
    }
  }
}
