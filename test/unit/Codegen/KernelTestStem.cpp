// Stems against plain loops: both windows, odd maps and channel counts, layouts, every target.

#include "KernelReference.h"
#include <gtest/gtest.h>
#include <ostream>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

/// A convolution and a pool with square windows; the input is planar as an image is.
struct StemCase {
  int64_t ci, co, height, width, kernel, stride, pad;
  int64_t poolKernel, poolStride;
  Halo poolPad;

  KernelSpec spec() const {
    const auto windows = [](int64_t in, int64_t pads, int64_t size, int64_t step) { return (in + pads - size) / step + 1; };
    KernelSpec s;
    s.kind = KernelKind::Stem;
    s.input = {ci, height, width, 1, {pad, pad, pad, pad}};
    s.filter = {co, ci, kernel, kernel, 1, kChannelBlock, 1};
    s.strides = {stride, stride}, s.padding = s.input.halo;
    s.convolved = {windows(height, 2 * pad, kernel, stride), windows(width, 2 * pad, kernel, stride)};
    s.poolKernel = {poolKernel, poolKernel}, s.poolStrides = {poolStride, poolStride}, s.poolPadding = poolPad;
    s.output = {co,
                windows(s.convolved[0], poolPad.top + poolPad.bottom, poolKernel, poolStride),
                windows(s.convolved[1], poolPad.left + poolPad.right, poolKernel, poolStride),
                kChannelBlock,
                {}};
    s.epilogue.bias = true;
    s.epilogue.activation = Activation::Relu;
    return s;
  }
};

constexpr Halo kAround{1, 1, 1, 1};

void PrintTo(const StemCase &c, std::ostream *os) { *os << toString(c.spec()); }

class KernelTestStem : public testing::TestWithParam<StemCase> {};

} // namespace

TEST_P(KernelTestStem, MatchesReference) { expectMatchesReferenceOnAllTargets(GetParam().spec()); }

INSTANTIATE_TEST_SUITE_P(ResNetShapes, KernelTestStem,
                         testing::Values(StemCase{3, 64, 64, 64, 7, 2, 3, 3, 2, kAround},
                                         StemCase{3, 16, 33, 47, 7, 2, 3, 3, 2, kAround},
                                         StemCase{3, 64, 25, 112, 7, 2, 3, 3, 2, kAround}));

INSTANTIATE_TEST_SUITE_P(Windows, KernelTestStem,
                         testing::Values(StemCase{3, 32, 20, 20, 3, 1, 1, 2, 2, {}}, StemCase{1, 16, 17, 23, 3, 2, 1, 3, 2, {}},
                                         StemCase{3, 32, 19, 30, 5, 2, 2, 3, 2, {0, 0, 1, 1}},
                                         StemCase{4, 16, 24, 31, 3, 1, 1, 3, 3, {2, 1, 0, 2}},
                                         StemCase{3, 16, 13, 13, 3, 1, 1, 3, 1, kAround},
                                         // Positions between the windows are no one's.
                                         StemCase{3, 16, 21, 27, 3, 1, 1, 2, 3, {}},
                                         StemCase{2, 16, 12, 12, 1, 1, 0, 5, 4, {2, 2, 2, 2}}));

INSTANTIATE_TEST_SUITE_P(Maps, KernelTestStem,
                         testing::Values(StemCase{3, 16, 1, 1, 3, 2, 1, 3, 2, kAround},
                                         StemCase{3, 16, 7, 1, 3, 1, 1, 3, 2, kAround},
                                         StemCase{3, 16, 1, 70, 7, 2, 3, 3, 2, kAround},
                                         StemCase{3, 16, 97, 5, 3, 1, 1, 3, 2, kAround}));

INSTANTIATE_TEST_SUITE_P(Channels, KernelTestStem,
                         testing::Values(StemCase{1, 1, 15, 15, 3, 2, 1, 3, 2, kAround},
                                         StemCase{3, 5, 15, 15, 3, 2, 1, 3, 2, kAround},
                                         StemCase{5, 40, 15, 29, 3, 2, 1, 3, 2, kAround},
                                         StemCase{15, 48, 11, 15, 3, 1, 1, 2, 2, {}}));

// The halo is wider than the padding, the output has one of its own, and the input may be blocked.
TEST(KernelTestStem, Layouts) {
  for (int64_t block : {1, 3, 16}) {
    KernelSpec s = StemCase{3, 32, 31, 29, 7, 2, 3, 3, 2, kAround}.spec();
    s.input.block = s.filter.inputBlock = block;
    s.input.halo = {4, 3, 5, 6};
    s.output.halo = {1, 2, 3, 1};
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestStem, WithoutBiasOrActivation) {
  KernelSpec s = StemCase{3, 32, 31, 29, 7, 2, 3, 3, 2, kAround}.spec();
  s.epilogue = {};
  expectMatchesReferenceOnAllTargets(s);
}

// Groups of rows that do not divide the map, from one row to all.
TEST(KernelTestStem, AnyGroupsOfRows) {
  for (int64_t rows : {1, 3, 5, 11}) {
    KernelSpec s = StemCase{3, 32, 43, 33, 7, 2, 3, 3, 2, kAround}.spec();
    s.schedule.algorithm = ConvAlgorithm::Direct;
    s.schedule.tileColumns = 5;
    s.schedule.tileBlocks = 2;
    s.schedule.rowsPerTask = rows;
    expectMatchesReferenceOnAllTargets(s);
  }
}

// Halide's own assertions agree with the arguments and the rows in scratch.
TEST(KernelTestStem, DebugVariant) {
  for (StemCase c : {StemCase{3, 64, 33, 47, 7, 2, 3, 3, 2, kAround}, StemCase{3, 16, 21, 27, 3, 1, 1, 2, 3, {}}}) {
    KernelSpec s = c.spec();
    s.debug = true;
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestStem, RejectsWhatNoStemMeans) {
  KernelSpec s = StemCase{4, 16, 16, 16, 3, 2, 1, 3, 2, kAround}.spec();
  s.filter.groups = 2;
  EXPECT_EQ(LoadedKernel(s).error(), "a stem has one group and its output the filter's block");
  s.filter.groups = 1;
  s.output.height = 6;
  EXPECT_EQ(LoadedKernel(s).error(), "a window of the pool begins behind the map");
  s.output.height = 4;
  s.input.halo.top = 0;
  EXPECT_EQ(LoadedKernel(s).error(), "the input's halo is narrower than the padding that the convolution reads");
}
