// What kernels do and move, counted by hand.

#include "ConvolutionCases.h"
#include "codegen/KernelWork.h"
#include <gtest/gtest.h>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

static KernelSpec winograd(KernelSpec s, int64_t outputTile) {
  s.schedule.algorithm = ConvAlgorithm::Winograd;
  s.schedule.outputTile = outputTile;
  return s;
}

TEST(KernelTestWork, ConvolutionsNameTheirAlgorithm) {
  KernelSpec s = convolution(64, 64, 56, 3);
  EXPECT_EQ(algorithmName(s), "direct") << "what the kernel compiler takes for want of a schedule";
  s.schedule.algorithm = ConvAlgorithm::Direct;
  EXPECT_EQ(algorithmName(s), "direct");
  EXPECT_EQ(algorithmName(winograd(s, 4)), "F(4,3)");
  s.kind = KernelKind::Stem;
  EXPECT_EQ(algorithmName(s), "direct");
  s.kind = KernelKind::Head;
  EXPECT_EQ(algorithmName(s), "");
}

TEST(KernelTestWork, DirectPerformsTheDefinition) {
  for (const KernelSpec &s : {convolution(24, 40, 56, 3), convolution(64, 256, 56, 1)})
    EXPECT_EQ(performedFlopsPerImage(s), flopsPerImage(s));
}

TEST(KernelTestWork, WinogradMultipliesPointsOfTiles) {
  const KernelSpec s = convolution(64, 64, 56, 3);
  EXPECT_EQ(performedFlopsPerImage(winograd(s, 2)), 2 * 4 * 4 * 28 * 28 * 64 * 64);
  EXPECT_EQ(performedFlopsPerImage(winograd(s, 4)), 2 * 6 * 6 * 14 * 14 * 64 * 64);
  EXPECT_EQ(performedFlopsPerImage(winograd(s, 4)) * 4, flopsPerImage(s)) << "a quarter, Lavin and Gray 2015";
}

TEST(KernelTestWork, WinogradCountsTilesAndBlocksWhole) {
  EXPECT_EQ(performedFlopsPerImage(winograd(convolution(24, 40, 7, 3), 4)), 2 * 6 * 6 * 2 * 2 * 32 * 48);
}

// 7 = 4 + 3 outputs of 6 + 5 points, 14 = 4 + 4 + 3 + 3 of 22.
TEST(KernelTestWork, MixedTilesMultiplyWhatTheyHave) {
  const auto mixed = [](KernelSpec s) {
    s.schedule.mixedTiles = true;
    return s;
  };
  const KernelSpec at7 = mixed(winograd(convolution(512, 512, 7, 3), 4));
  EXPECT_EQ(performedFlopsPerImage(at7), 2 * 11 * 11 * 512 * 512);
  EXPECT_EQ(algorithmName(at7), "F(4,3) mixed");
  EXPECT_EQ(performedFlopsPerImage(mixed(winograd(convolution(256, 256, 14, 3), 4))), 2 * 22 * 22 * 256 * 256);
  EXPECT_EQ(performedFlopsPerImage(mixed(winograd(convolution(256, 512, 14, 3, 2), 4))), 2 * 16 * 16 * 256 * 512);
}

TEST(KernelTestWork, StridedWinogradHasThePointsOfBothPhases) {
  // F(2,2) and F(2,1): 3 + 2 points.
  EXPECT_EQ(performedFlopsPerImage(winograd(convolution(64, 128, 56, 3, 2), 2)), 2 * 5 * 5 * 14 * 14 * 64 * 128);
}

TEST(KernelTestWork, WinogradChangesNoBytes) {
  const KernelSpec s = convolution(64, 64, 56, 3);
  EXPECT_EQ(weightsBytes(winograd(s, 4)), weightsBytes(s));
  EXPECT_EQ(activationBytesPerImage(winograd(s, 4)), activationBytesPerImage(s));
}

TEST(KernelTestWork, WeightsAreThePackedOnes) {
  EXPECT_EQ(weightsBytes(convolution(64, 256, 56, 1)), 4 * (64 * 256 + 256));
  EXPECT_EQ(weightsBytes(convolution(24, 40, 7, 3)), 4 * (9 * 32 * 48 + 48));
  KernelSpec depthwise = convolution(48, 48, 14, 3);
  depthwise.filter.groups = 48;
  EXPECT_EQ(weightsBytes(depthwise), 4 * (9 * 48 + 48));
  KernelSpec scale;
  scale.kind = KernelKind::Elementwise;
  scale.input = scale.output = {24, 7, 7, 16, {}};
  scale.scaleShift = true;
  EXPECT_EQ(weightsBytes(scale), 4 * 2 * 32);
  scale.scaleShift = false;
  EXPECT_EQ(weightsBytes(scale), 0);
}

TEST(KernelTestWork, ActivationsAreReadAndWrittenOnceWithoutHalo) {
  EXPECT_EQ(activationBytesPerImage(convolution(64, 128, 56, 3)), 4 * (64 + 128) * 56 * 56);
  EXPECT_EQ(activationBytesPerImage(convolution(24, 40, 7, 3)), 4 * (32 + 48) * 7 * 7) << "blocks are stored whole";
  EXPECT_EQ(activationBytesPerImage(convolution(64, 128, 56, 3, 2)), 4 * (64 * 56 * 56 + 128 * 28 * 28));
}

TEST(KernelTestWork, WhatAStrideSkipsIsNotRead) {
  EXPECT_EQ(activationBytesPerImage(convolution(256, 512, 56, 1, 2)), 4 * (256 + 512) * 28 * 28);
  KernelSpec pool;
  pool.kind = KernelKind::MaxPool2d;
  pool.input = {16, 9, 9, 16, {}}, pool.output = {16, 3, 3, 16, {}};
  pool.kernel = {2, 1}, pool.strides = {3, 3};
  EXPECT_EQ(activationBytesPerImage(pool), 4 * 16 * (6 * 3 + 3 * 3));
  pool.strides = {1, 3};
  EXPECT_EQ(activationBytesPerImage(pool), 4 * 16 * (4 * 3 + 3 * 3)) << "rows that windows share, once";
}

TEST(KernelTestWork, AnAddendCountsAsItIsRead) {
  KernelSpec s = convolution(64, 128, 28, 3);
  s.epilogue.addend = true;
  s.addend = s.output;
  EXPECT_EQ(activationBytesPerImage(s), 4 * (64 + 2 * 128) * 28 * 28);
  s.epilogue.addendStrides = {2, 2};
  s.addend = {64, 56, 56, 16, {}};
  EXPECT_EQ(activationBytesPerImage(s), 4 * (64 + 128 + 64) * 28 * 28);
}

TEST(KernelTestWork, ACopyReadsWhatItsOffsetsLeave) {
  KernelSpec crop;
  crop.kind = KernelKind::Copy;
  crop.input = {16, 8, 8, 16, {}}, crop.output = {8, 10, 4, 1, {}};
  crop.copyOffset = {12, -1, 2}; // 4 channels, all 8 rows, 4 columns; the rest is filled
  EXPECT_EQ(activationBytesPerImage(crop), 4 * (4 * 8 * 4 + 8 * 10 * 4));
}

TEST(KernelTestWork, AStemLeavesTheMapBetweenInCache) {
  KernelSpec s = convolution(3, 64, 224, 7, 2);
  s.kind = KernelKind::Stem;
  s.input.block = s.filter.inputBlock = 1;
  s.convolved = {112, 112};
  s.output = {64, 56, 56, 16, {}};
  s.poolKernel = {3, 3}, s.poolStrides = {2, 2}, s.poolPadding = {1, 1, 1, 1};
  EXPECT_EQ(activationBytesPerImage(s), 4 * (3 * 224 * 224 + 64 * 56 * 56));
  EXPECT_EQ(performedFlopsPerImage(s), 2 * 64 * 112 * 112 * 3 * 49);
}

TEST(KernelTestWork, AHeadReadsItsMapAndWritesClasses) {
  KernelSpec s;
  s.kind = KernelKind::Head;
  s.input = {2048, 7, 7, 16, {}}, s.output = {1000, 1, 1, 1, {}};
  s.filter = {1000, 2048, 1, 1, 1, 16, 16};
  s.epilogue.bias = true;
  EXPECT_EQ(activationBytesPerImage(s), 4 * (2048 * 49 + 1000));
  EXPECT_EQ(weightsBytes(s), 4 * (2048 * 1008 + 1008));
  EXPECT_EQ(performedFlopsPerImage(s), 2 * 2048 * 1000);
}

TEST(KernelTestWork, GatesAndAllInputsCount) {
  KernelSpec s;
  s.kind = KernelKind::Elementwise;
  s.input = s.output = {32, 7, 7, 16, {}};
  s.gate = {32, 1, 1, 16, {}};
  EXPECT_EQ(activationBytesPerImage(s), 4 * (2 * 32 * 49 + 32));
  KernelSpec concat;
  concat.kind = KernelKind::Concat;
  concat.input = {16, 7, 7, 16, {}}, concat.output = {40, 7, 7, 16, {}};
  concat.moreInputs = {{16, 7, 7, 16, {}}, {8, 7, 7, 16, {}}};
  EXPECT_EQ(activationBytesPerImage(concat), 4 * (16 + 16 + 16 + 48) * 49);
}

TEST(KernelTestWork, AnExpansionReadsOneElement) {
  KernelSpec s;
  s.kind = KernelKind::Copy;
  s.input = {16, 1, 1, 16, {}}, s.output = {16, 7, 7, 16, {}};
  s.strides = {0, 0};
  EXPECT_EQ(activationBytesPerImage(s), 4 * 16 * (1 + 49));
}
