// Winograd convolutions against plain loops over every kind of schedule, their transforms, and the rules that schedules obey.

#include "KernelReference.h"
#include "codegen/schedules/WinogradSchedule.h"
#include "codegen/schedules/WinogradTransform.h"
#include <gtest/gtest.h>
#include <ostream>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

struct WinogradCase {
  int64_t ci, co, height, width;
  const char *schedule;
  int64_t stride = 1;
  int64_t batch = 0;

  KernelSpec spec() const {
    KernelSpec s;
    s.kind = KernelKind::Conv2d;
    s.input = {ci, height, width, kChannelBlock, {1, 1, 1, 1}};
    s.output = {co, (height - 1) / stride + 1, (width - 1) / stride + 1, kChannelBlock, {}};
    s.filter = {co, ci, 3, 3, 1, kChannelBlock, kChannelBlock};
    s.padding = {1, 1, 1, 1};
    s.strides = {stride, stride};
    s.epilogue.bias = true;
    s.epilogue.activation = Activation::Relu;
    s.batch = batch;
    s.schedule = *parseConvSchedule(schedule);
    return s;
  }
};

void PrintTo(const WinogradCase &c, std::ostream *os) { *os << toString(c.spec()); }

class KernelTestWinograd : public testing::TestWithParam<WinogradCase> {};

} // namespace

TEST_P(KernelTestWinograd, MatchesReference) { expectMatchesReferenceOnAllTargets(GetParam().spec()); }

// The sum is written over the shortcut: no element may be stored twice, in partial tiles neither.
TEST_P(KernelTestWinograd, AddsToTheOutput) {
  KernelSpec s = GetParam().spec();
  s.output.halo = {1, 2, 3, 4};
  s.addend = s.output;
  s.epilogue.addend = s.epilogue.addendInPlace = true;
  expectMatchesReferenceOnAllTargets(s);
}

// Register tiles of six accumulators fit every level.
INSTANTIATE_TEST_SUITE_P(FilterInCache, KernelTestWinograd,
                         testing::Values(WinogradCase{16, 32, 8, 8, "winograd4 tile=2x1"},
                                         WinogradCase{32, 32, 16, 12, "winograd4 tile=2x1 tile_rows=2"},
                                         WinogradCase{32, 48, 9, 13, "winograd4 tile=2x1 tile_rows=3"},
                                         WinogradCase{16, 16, 5, 3, "winograd2 tile=2x1"},
                                         WinogradCase{16, 16, 1, 1, "winograd2 tile=1x1"},
                                         WinogradCase{20, 40, 7, 7, "winograd2 tile=2x1 tile_rows=2"},
                                         WinogradCase{16, 16, 13, 13, "winograd6 tile=2x1"}));

INSTANTIATE_TEST_SUITE_P(
    FilterStreams, KernelTestWinograd,
    testing::Values(WinogradCase{32, 32, 7, 7, "winograd4 tile=2x1 tile_rows=2 filter_outermost"},
                    WinogradCase{32, 32, 14, 14, "winograd4 tile=2x1 filter_outermost"},
                    WinogradCase{48, 32, 7, 7, "winograd4 tile=2x1 tile_rows=2 input_channels=8 filter_outermost"},
                    WinogradCase{64, 32, 7, 9, "winograd4 tile=2x1 tile_rows=2 input_channels=32 filter_outermost"},
                    WinogradCase{40, 24, 6, 6, "winograd2 tile=2x1 tile_rows=3 input_channels=16 filter_outermost"}));

INSTANTIATE_TEST_SUITE_P(Strided, KernelTestWinograd,
                         testing::Values(WinogradCase{32, 32, 16, 16, "winograd4 tile=2x1", 2},
                                         WinogradCase{32, 48, 15, 11, "winograd2 tile=2x1 tile_rows=2", 2},
                                         WinogradCase{48, 32, 14, 14,
                                                      "winograd4 tile=2x1 tile_rows=2 input_channels=16 filter_outermost", 2},
                                         WinogradCase{16, 16, 13, 14, "winograd2 tile=2x1 tile_rows=4 filter_outermost", 2}));

INSTANTIATE_TEST_SUITE_P(
    Images, KernelTestWinograd,
    testing::Values(WinogradCase{32, 32, 7, 7, "winograd4 tile=2x1 tile_rows=2 images=4 filter_outermost", 1, 4},
                    WinogradCase{32, 32, 7, 5, "winograd4 tile=2x1 tile_rows=2 images=2 input_channels=8 filter_outermost", 1, 4},
                    WinogradCase{16, 32, 4, 4, "winograd2 tile=2x1 tile_rows=2 images=3 filter_outermost", 1, 6},
                    WinogradCase{16, 32, 8, 8, "winograd2 tile=2x1 tile_rows=2", 2, 3}));

// 4 + 4 + 3 + 3 outputs an axis, and maps whose axes are cut into other sizes than each other.
INSTANTIATE_TEST_SUITE_P(
    Mixed, KernelTestWinograd,
    testing::Values(WinogradCase{32, 32, 14, 14, "winograd4 tile=3x1 tile_rows=4 mixed_tiles filter_outermost"},
                    WinogradCase{48, 32, 7, 7, "winograd4 tile=2x1 tile_rows=2 input_channels=8 mixed_tiles filter_outermost"},
                    WinogradCase{40, 48, 13, 9, "winograd4 tile=3x1 tile_rows=4 mixed_tiles filter_outermost"},
                    WinogradCase{16, 16, 6, 15, "winograd4 tile=3x1 tile_rows=2 mixed_tiles"},
                    WinogradCase{32, 16, 5, 4, "winograd4 tile=2x1 tile_rows=2 input_channels=16 mixed_tiles filter_outermost"},
                    WinogradCase{20, 24, 13, 14, "winograd6 tile=2x1 tile_rows=3 mixed_tiles filter_outermost"},
                    WinogradCase{32, 32, 14, 13, "winograd4 tile=3x1 tile_rows=2 mixed_tiles filter_outermost", 2},
                    WinogradCase{16, 16, 1, 3, "winograd4 tile=1x1 mixed_tiles"}));

INSTANTIATE_TEST_SUITE_P(
    MixedImages, KernelTestWinograd,
    testing::Values(WinogradCase{32, 32, 7, 7, "winograd4 tile=3x1 tile_rows=2 images=4 mixed_tiles filter_outermost", 1, 4},
                    WinogradCase{32, 32, 14, 14,
                                 "winograd4 tile=3x1 tile_rows=4 images=2 input_channels=8 mixed_tiles filter_outermost", 1, 4},
                    WinogradCase{32, 32, 9, 5, "winograd4 tile=2x1 tile_rows=3 images=3 mixed_tiles", 1, 3},
                    WinogradCase{16, 32, 14, 14, "winograd4 tile=3x1 tile_rows=2 images=2 mixed_tiles filter_outermost", 2, 2}));
