// Convolutions against plain loops: sizes, strides, dilations, groups, layouts, epilogues, odd maps and channel counts.

#include "KernelReference.h"
#include <gtest/gtest.h>
#include <ostream>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

/// A convolution as a test names it: blocked by 16 on both sides, halo just wide enough, bias and ReLU.
struct ConvCase {
  int64_t ci, co, height, width;
  std::array<int64_t, 2> kernel{3, 3}, strides{1, 1}, dilations{1, 1};
  Halo padding{1, 1, 1, 1};
  int64_t groups = 1;

  KernelSpec spec() const {
    KernelSpec s;
    s.kind = KernelKind::Conv2d;
    s.input = {ci, height, width, kChannelBlock, padding};
    s.output.channels = co;
    s.output.height = (height + padding.top + padding.bottom - dilations[0] * (kernel[0] - 1) - 1) / strides[0] + 1;
    s.output.width = (width + padding.left + padding.right - dilations[1] * (kernel[1] - 1) - 1) / strides[1] + 1;
    s.output.block = kChannelBlock;
    s.filter = {co, ci, kernel[0], kernel[1], groups, kChannelBlock, kChannelBlock};
    s.strides = strides, s.dilations = dilations, s.padding = padding;
    s.epilogue.bias = true;
    s.epilogue.activation = Activation::Relu;
    return s;
  }
};

void PrintTo(const ConvCase &c, std::ostream *os) { *os << toString(c.spec()); }

ConvCase pointwise(int64_t ci, int64_t co, int64_t height, int64_t width, int64_t stride = 1) {
  return {ci, co, height, width, {1, 1}, {stride, stride}, {1, 1}, {}};
}

class KernelTestConv : public testing::TestWithParam<ConvCase> {};
class KernelTestConvInPlace : public testing::TestWithParam<ConvCase> {};

} // namespace

TEST_P(KernelTestConv, MatchesReference) { expectMatchesReferenceOnAllTargets(GetParam().spec()); }

INSTANTIATE_TEST_SUITE_P(ResNetShapes, KernelTestConv,
                         testing::Values(ConvCase{64, 64, 8, 56}, ConvCase{64, 64, 28, 28}, ConvCase{64, 128, 14, 14},
                                         ConvCase{128, 128, 7, 7}, ConvCase{64, 64, 28, 28, {3, 3}, {2, 2}},
                                         pointwise(64, 256, 14, 14), pointwise(256, 64, 7, 7), pointwise(64, 128, 28, 28, 2),
                                         pointwise(128, 64, 14, 14, 2)));

INSTANTIATE_TEST_SUITE_P(Channels, KernelTestConv,
                         testing::Values(ConvCase{1, 1, 6, 6}, ConvCase{3, 5, 6, 6}, ConvCase{17, 40, 9, 9},
                                         ConvCase{40, 17, 8, 8}, ConvCase{16, 48, 8, 8}, ConvCase{16, 80, 8, 8},
                                         ConvCase{16, 112, 5, 5}, pointwise(17, 33, 5, 5), pointwise(5, 3, 7, 7),
                                         pointwise(40, 24, 9, 13)));

INSTANTIATE_TEST_SUITE_P(Maps, KernelTestConv,
                         testing::Values(ConvCase{16, 16, 1, 1}, ConvCase{16, 32, 1, 9}, ConvCase{16, 32, 9, 1},
                                         ConvCase{32, 32, 2, 2}, ConvCase{32, 32, 3, 15}, ConvCase{16, 32, 4, 57},
                                         ConvCase{16, 32, 5, 113}, ConvCase{16, 32, 3, 29}, ConvCase{32, 16, 11, 13},
                                         ConvCase{64, 64, 4, 4}, pointwise(32, 64, 1, 1), pointwise(32, 32, 57, 3),
                                         pointwise(32, 32, 23, 29, 2)));

INSTANTIATE_TEST_SUITE_P(Windows, KernelTestConv,
                         testing::Values(ConvCase{16, 16, 12, 12, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
                                         ConvCase{16, 16, 15, 15, {7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3}},
                                         ConvCase{16, 32, 9, 9, {2, 2}, {2, 2}, {1, 1}, {}},
                                         ConvCase{16, 16, 9, 9, {1, 3}, {1, 1}, {1, 1}, {0, 1, 0, 1}},
                                         ConvCase{16, 16, 9, 9, {3, 1}, {1, 2}, {1, 1}, {1, 0, 1, 0}},
                                         ConvCase{16, 16, 14, 14, {3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}},
                                         ConvCase{16, 16, 14, 17, {3, 3}, {2, 3}, {3, 1}, {3, 1, 3, 1}},
                                         ConvCase{16, 16, 8, 8, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
                                         ConvCase{16, 16, 8, 8, {4, 4}, {1, 1}, {1, 1}, {2, 1, 1, 2}},
                                         ConvCase{16, 16, 7, 7, {3, 3}, {3, 3}, {1, 1}, {1, 1, 1, 1}},
                                         ConvCase{16, 16, 7, 7, {7, 7}, {1, 1}, {1, 1}, {}}));

INSTANTIATE_TEST_SUITE_P(Groups, KernelTestConv,
                         testing::Values(ConvCase{32, 32, 8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 2},
                                         ConvCase{64, 128, 8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 2},
                                         ConvCase{64, 64, 8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 16},
                                         ConvCase{24, 24, 8, 8, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, 8},
                                         ConvCase{40, 40, 7, 7, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 8},
                                         ConvCase{96, 96, 7, 7, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 4},
                                         ConvCase{20, 60, 6, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 5},
                                         ConvCase{32, 32, 8, 8, {1, 1}, {1, 1}, {1, 1}, {}, 8},
                                         ConvCase{128, 128, 14, 14, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, 32},
                                         ConvCase{48, 24, 5, 5, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 3},
                                         ConvCase{16, 32, 6, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 16}));

INSTANTIATE_TEST_SUITE_P(Depthwise, KernelTestConv,
                         testing::Values(ConvCase{32, 32, 8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 32},
                                         ConvCase{40, 40, 9, 13, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, 40},
                                         ConvCase{5, 5, 9, 57, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}, 5}));

// The sum is written over the shortcut: no element may be stored twice.
TEST_P(KernelTestConvInPlace, AddsToTheOutput) {
  KernelSpec s = GetParam().spec();
  s.addend = s.output;
  s.epilogue.addend = s.epilogue.addendInPlace = true;
  expectMatchesReferenceOnAllTargets(s);
  s.output.halo = s.addend.halo = {1, 2, 3, 4};
  expectMatchesReferenceOnAllTargets(s);
}

INSTANTIATE_TEST_SUITE_P(Shapes, KernelTestConvInPlace,
                         testing::Values(pointwise(32, 64, 14, 14), pointwise(16, 64, 9, 13), pointwise(17, 40, 7, 7),
                                         ConvCase{32, 32, 5, 57}, ConvCase{16, 16, 4, 113}, ConvCase{64, 64, 7, 7},
                                         ConvCase{16, 32, 3, 29}, ConvCase{16, 16, 1, 1},
                                         // A filter of 2.3 MB: blocks of channels are the outermost loop.
                                         ConvCase{256, 256, 3, 15}));

// Halos that are wider than the padding, and different on every operand.
TEST(KernelTestConv, HalosOfDifferentSizes) {
  KernelSpec s = ConvCase{32, 48, 9, 14}.spec();
  s.input.halo = {2, 3, 1, 4};
  s.output.halo = {1, 1, 1, 1};
  s.addend = s.output;
  s.addend.halo = {0, 2, 3, 1};
  s.epilogue.addend = true;
  expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestConv, ActivatesTheFirstChannelsOnly) {
  for (int64_t activated : {1, 16, 20, 32, 47}) {
    KernelSpec s = pointwise(16, 48, 8, 8).spec();
    s.epilogue.activatedChannels = activated;
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestConv, WithoutBiasOrActivation) {
  KernelSpec s = ConvCase{16, 32, 8, 8}.spec();
  s.epilogue = {};
  expectMatchesReferenceOnAllTargets(s);
}

// Stems: few channels, planar or interleaved.
TEST(KernelTestConv, PlanarInput) {
  for (int64_t channels : {1, 3, 4}) {
    KernelSpec s = ConvCase{channels, 64, 30, 30, {7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3}}.spec();
    s.input.block = s.filter.inputBlock = 1;
    expectMatchesReferenceOnAllTargets(s);
  }
  KernelSpec s = ConvCase{3, 16, 32, 32}.spec();
  s.input.block = s.filter.inputBlock = 1;
  expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestConv, InterleavedInput) {
  KernelSpec s = ConvCase{3, 32, 30, 30, {7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3}}.spec();
  s.input.block = s.filter.inputBlock = 3;
  expectMatchesReferenceOnAllTargets(s);
}

// Outputs in another block than the filter's.
TEST(KernelTestConv, OtherOutputBlocks) {
  for (int64_t block : {1, 8, 24, 40}) {
    KernelSpec s = ConvCase{17, 40, 6, 29}.spec();
    s.output.block = block;
    s.output.halo = {1, 0, 2, 1};
    s.addend = s.output;
    s.epilogue.addend = s.epilogue.addendInPlace = true;
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST(KernelTestConv, AddendInAnotherBlock) {
  for (int64_t block : {1, 8, 40}) {
    KernelSpec s = ConvCase{16, 40, 6, 14}.spec();
    s.addend = s.output;
    s.addend.block = block;
    s.epilogue.addend = true;
    expectMatchesReferenceOnAllTargets(s);
  }
}

// Option A's shortcut as an indexed read: `before` zero channels in front and as many behind as fill up.
static void expectSubsampledAddend(ConvCase c, int64_t channels, int64_t before, std::array<int64_t, 2> strides,
                                   std::array<int64_t, 2> missing = {0, 0}, int64_t block = kChannelBlock) {
  KernelSpec s = c.spec();
  s.addend = {channels, s.output.height * strides[0] - missing[0], s.output.width * strides[1] - missing[1], block, {1, 0, 2, 1}};
  s.epilogue.addend = true;
  s.epilogue.addendStrides = strides;
  s.epilogue.addendChannels = before;
  expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestConv, SubsampledAddend) {
  expectSubsampledAddend({16, 32, 8, 8}, 16, 8, {2, 2});
  expectSubsampledAddend({16, 64, 8, 8}, 32, 16, {2, 2});
  expectSubsampledAddend({16, 64, 7, 9}, 32, 16, {2, 2}, {1, 1});
  expectSubsampledAddend({16, 48, 5, 57}, 20, 16, {2, 2}, {0, 1});
  expectSubsampledAddend({16, 48, 5, 29}, 40, 0, {2, 2}, {1, 0});
  expectSubsampledAddend({16, 40, 6, 14}, 17, 23, {1, 3});
  expectSubsampledAddend({16, 40, 6, 14}, 24, 11, {3, 1}, {2, 0});
  expectSubsampledAddend(pointwise(32, 64, 14, 14), 64, 0, {2, 2});
  expectSubsampledAddend(pointwise(32, 64, 1, 1), 64, 0, {2, 2}, {1, 1});
  expectSubsampledAddend(pointwise(16, 32, 9, 13), 16, 8, {2, 2}, {1, 1}, 1);
  expectSubsampledAddend(pointwise(16, 32, 9, 13), 8, 16, {2, 2}, {0, 0}, 8);
  // A filter of 2.3 MB: blocks of channels are the outermost loop.
  expectSubsampledAddend({256, 256, 3, 15}, 128, 64, {2, 2}, {1, 1});
}

TEST(KernelTestConv, SubsampledAddendInOtherBlocksAndDebug) {
  KernelSpec s = ConvCase{17, 40, 6, 29}.spec();
  s.output.block = 8;
  s.addend = {20, 12, 57, kChannelBlock, {}};
  s.epilogue.addend = true;
  s.epilogue.addendStrides = {2, 2};
  s.epilogue.addendChannels = 12;
  expectMatchesReferenceOnAllTargets(s);
  s.debug = true;
  expectMatchesReferenceOnAllTargets(s);
  s.output.block = kChannelBlock;
  s.epilogue.addendChannels = 16;
  expectMatchesReferenceOnAllTargets(s);
}

TEST(KernelTestConv, RejectsAnAddendThatDoesNotFit) {
  KernelSpec s = ConvCase{16, 32, 8, 8}.spec();
  s.epilogue.addend = true;
  s.epilogue.addendStrides = {2, 2};
  s.epilogue.addendChannels = 8;
  s.addend = {16, 15, 16, kChannelBlock, {}};
  EXPECT_EQ(LoadedKernel(s).error(), "");
  s.addend.height = 14;
  EXPECT_EQ(LoadedKernel(s).error(), "the addend's shape does not fit the output's");
  s.addend = {32, 16, 16, kChannelBlock, {}};
  EXPECT_EQ(LoadedKernel(s).error(), "the addend's shape does not fit the output's");
  s.epilogue.addendStrides = {1, 1};
  s.epilogue.addendChannels = 0;
  s.addend = s.output;
  s.addend.block = 8;
  s.epilogue.addendInPlace = true;
  EXPECT_EQ(LoadedKernel(s).error(), "an addend in place must have the output's layout and be read as it is");
}

// Planar from end to end, groups and depthwise included.
TEST(KernelTestConv, PlanarEndToEnd) {
  for (int64_t groups : {1, 2, 6}) {
    KernelSpec s = ConvCase{6, 6, 9, 11, {3, 3}, {2, 1}, {1, 1}, {1, 1, 1, 1}, groups}.spec();
    s.input.block = s.filter.inputBlock = s.output.block = 1;
    expectMatchesReferenceOnAllTargets(s);
  }
}

// Halide's own assertions agree with the arguments: extents, strides and the region that is read.
TEST(KernelTestConv, DebugVariant) {
  for (ConvCase c : {ConvCase{32, 64, 14, 14}, ConvCase{17, 40, 9, 57}, pointwise(32, 64, 7, 7), ConvCase{256, 256, 7, 7},
                     ConvCase{24, 24, 8, 8, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, 8}}) {
    KernelSpec s = c.spec();
    s.debug = true;
    expectMatchesReferenceOnAllTargets(s);
    s.addend = s.output;
    s.epilogue.addend = s.epilogue.addendInPlace = true;
    expectMatchesReference(s);
  }
}

TEST(KernelTestConv, RejectsANarrowHalo) {
  KernelSpec s = ConvCase{16, 16, 8, 8}.spec();
  s.input.halo = {1, 0, 1, 1};
  EXPECT_EQ(LoadedKernel(s).error(), "the input's halo is narrower than the padding that the convolution reads");
}

TEST(KernelTestFixedBatch, ChangesNoBit) {
  for (ConvCase c : {ConvCase{32, 48, 7, 7}, pointwise(32, 16, 9, 5)}) {
    KernelSpec s = c.spec();
    s.batch = 3;
    expectMatchesReferenceOnAllTargets(s);
    s.debug = true; // with bounds checks, which know the batch
    expectMatchesReference(s);
  }
}
