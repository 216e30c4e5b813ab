// Conv, BatchNormalization and pools.

#include "ImportTest.h"

using namespace resnet::test;

namespace {

struct WindowsTest : ImportTest {
  WindowsTest() { input({-1, 4, 9, 8}); }
};

TEST_F(WindowsTest, ConvAttributes) {
  weight("w", {8, 2, 3, 2});
  weight("b", {8});
  node("Conv", {"x", "w", "b"})
      .integers("kernel_shape", {3, 2})
      .integers("strides", {2, 1})
      .integers("pads", {0, 1, 2, 3})
      .integers("dilations", {1, 2})
      .integer("group", 2);
  EXPECT_TRUE(contains(import(), "stride [2, 1] pad [0, 1, 2, 3] dilation [1, 2]"));
  EXPECT_TRUE(contains(import(), "groups 2"));
}

TEST_F(WindowsTest, ConvSamePaddingPutsTheOddElementBehindOrInFront) {
  weight("w", {8, 4, 3, 3});
  node("Conv", {"x", "w"}).integers("strides", {2, 2}).text("auto_pad", "SAME_UPPER");
  EXPECT_TRUE(contains(import(), "pad [1, 0, 1, 1]")); // 9 rows need 2 elements, 8 columns need 1.
  model.mutable_graph()->mutable_node(0)->mutable_attribute(1)->set_s("SAME_LOWER");
  EXPECT_TRUE(contains(import(), "pad [1, 1, 1, 0]"));
}

TEST_F(WindowsTest, ConvValidPaddingIgnoresPads) {
  weight("w", {8, 4, 3, 3});
  node("Conv", {"x", "w"}).text("auto_pad", "VALID");
  EXPECT_TRUE(contains(import(), "tensor<?x8x7x6xf32>"));
}

TEST_F(WindowsTest, ConvWithAnUnknownAutoPad) {
  weight("w", {8, 4, 3, 3});
  node("Conv", {"x", "w"}).text("auto_pad", "SOMEHOW");
  EXPECT_IMPORT_ERROR("node 'Conv_1' (Conv): expected auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, got SOMEHOW");
}

TEST_F(WindowsTest, ConvKernelShapeMustBeTheFilters) {
  weight("w", {8, 4, 3, 3});
  node("Conv", {"x", "w"}).integers("kernel_shape", {5, 5});
  EXPECT_IMPORT_ERROR("expected kernel_shape 3x3 as the filter has, got 5x5");
}

TEST_F(WindowsTest, ConvWithAComputedFilter) {
  node("Conv", {"x", "x"});
  EXPECT_IMPORT_ERROR("expected input 'x' to be constant");
}

TEST_F(WindowsTest, ConvOfOneDimension) {
  weight("w", {8, 4, 3});
  node("Conv", {"x", "w"});
  EXPECT_IMPORT_ERROR("expected 'w' to be a float tensor of rank 4, got shape 8x4x3");
}

TEST_F(WindowsTest, ConvBiasOfAWrongLength) {
  weight("w", {8, 4, 3, 3});
  weight("b", {4});
  node("Conv", {"x", "w", "b"});
  EXPECT_IMPORT_ERROR("node 'Conv_1' (Conv): expected bias 'b' of 8 elements, one for each filter, got 4");
}

TEST_F(WindowsTest, ConvFilterOfWrongChannels) {
  weight("w", {8, 3, 3, 3});
  node("Conv", {"x", "w"});
  EXPECT_IMPORT_ERROR("node 'Conv_1' (Conv): conv2d_c1: expected a filter for 4 input channels a group, got 3");
}

TEST_F(WindowsTest, ConvWindowLargerThanTheImage) {
  weight("w", {8, 4, 9, 9});
  node("Conv", {"x", "w"});
  EXPECT_IMPORT_ERROR("node 'Conv_1' (Conv): conv2d_c3: expected a window that fits");
}

TEST_F(WindowsTest, ConvExtremeNumbers) {
  weight("w", {8, 4, 3, 3});
  node("Conv", {"x", "w"}).integers("strides", {INT64_MAX, 1}).text("auto_pad", "SAME_UPPER");
  EXPECT_IMPORT_ERROR("from 1 to 2^24");
  model.mutable_graph()->clear_node();
  node("Conv", {"x", "w"}).integers("pads", {INT64_MAX, 0, 0, INT64_MAX});
  EXPECT_IMPORT_ERROR("conv2d_c2");
  model.mutable_graph()->clear_node();
  node("Conv", {"x", "w"}).integer("group", INT64_MIN);
  EXPECT_IMPORT_ERROR("conv2d_c4");
}

TEST_F(WindowsTest, BatchNormalization) {
  for (const char *name : {"s", "o", "m", "v"})
    weight(name, {4});
  node("BatchNormalization", {"x", "s", "o", "m", "v"}).real("epsilon", 0.001f).real("momentum", 0.9f);
  EXPECT_TRUE(contains(import(), "epsilon 1.000000e-03"));
}

TEST_F(WindowsTest, BatchNormalizationForTraining) {
  for (const char *name : {"s", "o", "m", "v"})
    weight(name, {4});
  opset(14);
  node("BatchNormalization", {"x", "s", "o", "m", "v"}, {"y", "m2", "v2"}).integer("training_mode", 1);
  EXPECT_IMPORT_ERROR("exported for training");
}

TEST_F(WindowsTest, BatchNormalizationOfAWrongLength) {
  for (const char *name : {"s", "o", "m", "v"})
    weight(name, {5});
  node("BatchNormalization", {"x", "s", "o", "m", "v"});
  EXPECT_IMPORT_ERROR("node 'BatchNormalization_1' (BatchNormalization): batch_norm_c1: expected a scale of length 4");
}

TEST_F(WindowsTest, BatchNormalizationOfNegativeVariance) {
  for (const char *name : {"s", "o", "m"})
    weight(name, {4});
  weight("v", {4}, {1, 1, -1, 1});
  node("BatchNormalization", {"x", "s", "o", "m", "v"});
  EXPECT_IMPORT_ERROR("expected variances whose sum with epsilon is positive, got -1.000000 at position 2");
}

TEST_F(WindowsTest, MaxPool) {
  node("MaxPool", {"x"})
      .integers("kernel_shape", {3, 3})
      .integers("strides", {2, 2})
      .integers("pads", {1, 1, 1, 1})
      .integers("dilations", {1, 1})
      .integer("storage_order", 0)
      .integer("ceil_mode", 1);
  EXPECT_TRUE(contains(import(), "resnet.max_pool2d %arg0 kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1]"));
  EXPECT_TRUE(contains(import(), "ceil_mode"));
}

TEST_F(WindowsTest, MaxPoolWithUsedIndices) {
  node("MaxPool", {"x"}, {"y", "indices"}).integers("kernel_shape", {3, 3});
  node("Relu", {"indices"}, {"z"});
  EXPECT_IMPORT_ERROR("node 'MaxPool_1' (MaxPool): expected only the first result to be used, got a use of 'indices'");
}

TEST_F(WindowsTest, AveragePool) {
  node("AveragePool", {"x"})
      .integers("kernel_shape", {2, 2})
      .integers("strides", {2, 2})
      .integer("ceil_mode", 1)
      .integer("count_include_pad", 1);
  EXPECT_TRUE(contains(import(), "kernel [2, 2] stride [2, 2]"));
  EXPECT_TRUE(contains(import(), "ceil_mode count_include_pad"));
}

TEST_F(WindowsTest, AveragePoolWithDilation) {
  opset(19);
  node("AveragePool", {"x"}).integers("kernel_shape", {2, 2}).integers("dilations", {2, 2});
  EXPECT_IMPORT_ERROR("expected dilations 1x1, got 2x2");
}

TEST_F(WindowsTest, PoolWithoutKernel) {
  node("MaxPool", {"x"});
  EXPECT_IMPORT_ERROR("expected kernel_shape");
}

TEST_F(WindowsTest, ReduceMeanByAttribute) {
  node("ReduceMean", {"x"}).integers("axes", {2, 3}).integer("keepdims", 1);
  EXPECT_TRUE(contains(import(), "resnet.global_avg_pool"));
}

TEST_F(WindowsTest, ReduceMeanByInputWithoutKeptDimensions) {
  opset(18);
  integers("axes", {-1, -2});
  node("ReduceMean", {"x", "axes"}).integer("keepdims", 0);
  EXPECT_TRUE(contains(import(), "resnet.flatten"));
  EXPECT_TRUE(contains(import(), "tensor<?x4xf32>"));
}

TEST_F(WindowsTest, ReduceMeanOfChannels) {
  node("ReduceMean", {"x"}).integers("axes", {1});
  EXPECT_IMPORT_ERROR("expected the mean over axes behind the channels, got axes 1");
}

} // namespace
