// Reshapes, slices, pads, transposes, and the integer arithmetic in front of them.

#include "ImportTest.h"

using namespace resnet::test;

namespace {

struct ShapeArithmeticTest : ImportTest {
  ShapeArithmeticTest() { input({-1, 4, 8, 6}); }
};

//===--------------------------------------------------------------------===//
// Flattening
//===--------------------------------------------------------------------===//

TEST_F(ShapeArithmeticTest, Flatten) {
  node("Flatten", {"x"}).integer("axis", -3);
  EXPECT_TRUE(contains(import(), "resnet.flatten %arg0 : tensor<?x4x8x6xf32> -> tensor<?x192xf32>"));
}

TEST_F(ShapeArithmeticTest, FlattenByAnotherAxis) {
  node("Flatten", {"x"}).integer("axis", 2);
  EXPECT_IMPORT_ERROR("expected axis 1, got 2");
}

TEST_F(ShapeArithmeticTest, ReshapeForms) {
  const std::vector<std::vector<int64_t>> shapes{{0, -1}, {-1, 192}, {0, 192}};
  for (const std::vector<int64_t> &shape : shapes) {
    model.mutable_graph()->clear_node();
    model.mutable_graph()->clear_initializer();
    integers("shape", shape);
    node("Reshape", {"x", "shape"});
    EXPECT_TRUE(contains(import(), "-> tensor<?x192xf32>"));
  }
}

TEST_F(ShapeArithmeticTest, ReshapeByComputedShape) {
  // As torch writes x.view(x.size(0), -1) up to opset 10.
  opset(9);
  node("Shape", {"x"}, {"shape"});
  integers("zero", {0})->clear_dims();
  integers("rest", {-1});
  node("Gather", {"shape", "zero"}, {"batch"}).integer("axis", 0);
  node("Unsqueeze", {"batch"}, {"batch1"}).integers("axes", {0});
  node("Concat", {"batch1", "rest"}, {"target"}).integer("axis", 0);
  node("Reshape", {"x", "target"});
  EXPECT_TRUE(contains(import(), "-> tensor<?x192xf32>"));
}

TEST_F(ShapeArithmeticTest, ReshapeWithFrozenBatch) {
  integers("shape", {1, 192});
  node("Reshape", {"x", "shape"});
  EXPECT_IMPORT_ERROR("the exporter froze the batch");
  resnet::ImportOptions options;
  options.shapes = {{"x", {1, 4, 8, 6}}};
  EXPECT_TRUE(contains(import(options), "-> tensor<1x192xf32>"));
}

TEST_F(ShapeArithmeticTest, ReshapeOfOtherElements) {
  integers("shape", {-1, 100});
  node("Reshape", {"x", "shape"});
  EXPECT_IMPORT_ERROR("expected a shape of 192 elements, as 4x8x6 has, got 100");
}

TEST_F(ShapeArithmeticTest, ReshapeThereAndBack) {
  node("Flatten", {"x"}, {"a"});
  integers("shape", {0, 4, 8, 6});
  node("Reshape", {"a", "shape"}, {"b"});
  node("Relu", {"b"});
  EXPECT_TRUE(contains(import(), "resnet.relu %arg0 : tensor<?x4x8x6xf32>"));
}

TEST_F(ShapeArithmeticTest, ReshapeToRankThree) {
  integers("shape", {0, 4, 48});
  node("Reshape", {"x", "shape"}, {"a"});
  node("Relu", {"a"});
  EXPECT_IMPORT_ERROR("output 'y': expected [N, C, H, W] or [N, F], got shape ?x4x48");
}

TEST_F(ShapeArithmeticTest, SqueezeOneAxisAtATime) {
  node("GlobalAveragePool", {"x"}, {"a"});
  opset(12);
  node("Squeeze", {"a"}, {"b"}).integers("axes", {3});
  node("Squeeze", {"b"}).integers("axes", {-1});
  EXPECT_TRUE(contains(import(), "-> tensor<?x4xf32>"));
}

TEST_F(ShapeArithmeticTest, SqueezeByInput) {
  node("GlobalAveragePool", {"x"}, {"a"});
  integers("axes", {2, 3});
  node("Squeeze", {"a", "axes"});
  EXPECT_TRUE(contains(import(), "-> tensor<?x4xf32>"));
}

TEST_F(ShapeArithmeticTest, SqueezeOfALargerAxis) {
  integers("axes", {2});
  node("Squeeze", {"x", "axes"});
  EXPECT_IMPORT_ERROR("expected axis 2 to be of size 1");
}

//===--------------------------------------------------------------------===//
// Slice, Transpose, Pad
//===--------------------------------------------------------------------===//

TEST_F(ShapeArithmeticTest, SliceByInputs) {
  integers("starts", {1, 0});
  integers("ends", {INT64_MAX, -1});
  integers("axes", {2, -1});
  integers("steps", {2, 1});
  node("Slice", {"x", "starts", "ends", "axes", "steps"});
  EXPECT_TRUE(contains(import(), "offsets [0, 1, 0] sizes [4, 4, 5] strides [1, 2, 1]"));
}

TEST_F(ShapeArithmeticTest, SliceByAttributes) {
  opset(9);
  node("Slice", {"x"}).integers("starts", {0}).integers("ends", {2}).integers("axes", {1});
  EXPECT_TRUE(contains(import(), "offsets [0, 0, 0] sizes [2, 8, 6] strides [1, 1, 1]"));
}

TEST_F(ShapeArithmeticTest, SliceOfTheBatch) {
  opset(9);
  node("Slice", {"x"}).integers("starts", {0}).integers("ends", {1}).integers("axes", {0});
  EXPECT_IMPORT_ERROR("expected the whole dynamic batch, got a part of it");
}

TEST_F(ShapeArithmeticTest, SliceBackwards) {
  integers("starts", {-1});
  integers("ends", {INT64_MIN});
  integers("axes", {2});
  integers("steps", {-1});
  node("Slice", {"x", "starts", "ends", "axes", "steps"});
  EXPECT_IMPORT_ERROR("expected positive steps on activations");
}

TEST_F(ShapeArithmeticTest, EmptySlice) {
  opset(9);
  node("Slice", {"x"}).integers("starts", {5}).integers("ends", {5}).integers("axes", {2});
  EXPECT_IMPORT_ERROR("node 'Slice_1' (Slice): slice_c1");
}

TEST_F(ShapeArithmeticTest, Transpose) {
  node("Transpose", {"x"}).integers("perm", {0, 3, 1, 2});
  EXPECT_TRUE(contains(import(), "resnet.transpose %arg0 [0, 3, 1, 2] : tensor<?x4x8x6xf32> -> tensor<?x6x4x8xf32>"));
}

TEST_F(ShapeArithmeticTest, TransposeOfTheBatch) {
  node("Transpose", {"x"});
  EXPECT_IMPORT_ERROR("expected a permutation that leaves the batch first, got 3x2x1x0");
}

TEST_F(ShapeArithmeticTest, PadByAttributes) {
  opset(10);
  node("Pad", {"x"}).text("mode", "constant").integers("pads", {0, 1, 2, 3, 0, 4, 5, 6}).real("value", 1.5f);
  EXPECT_TRUE(contains(import(), "low [1, 2, 3] high [4, 5, 6] value 1.500000e+00"));
}

TEST_F(ShapeArithmeticTest, PadByInputsAndAxes) {
  opset(18);
  integers("pads", {1, 2, 3, 4});
  integers("axes", {-1, 2});
  weight("value", {}, std::vector<float>{-1});
  node("Pad", {"x", "pads", "value", "axes"});
  EXPECT_TRUE(contains(import(), "low [0, 2, 1] high [0, 4, 3] value -1.000000e+00"));
}

TEST_F(ShapeArithmeticTest, PadByReflection) {
  opset(10);
  node("Pad", {"x"}).text("mode", "reflect").integers("pads", {0, 0, 1, 1, 0, 0, 1, 1});
  EXPECT_TRUE(contains(import(), "low [0, 1, 1] high [0, 1, 1]"));
  EXPECT_TRUE(contains(import(), "reflect"));
}

TEST_F(ShapeArithmeticTest, PadThatCrops) {
  opset(10);
  node("Pad", {"x"}).integers("pads", {0, 0, -1, 0, 0, 0, 0, 0});
  EXPECT_TRUE(contains(import(), "resnet.slice %arg0 offsets [0, 1, 0] sizes [4, 7, 6]"));
  EXPECT_EQ(llvm::StringRef(import()).count("resnet.pad"), 0u);
}

TEST_F(ShapeArithmeticTest, PadOfTheBatch) {
  opset(10);
  node("Pad", {"x"}).integers("pads", {1, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_IMPORT_ERROR("expected no padding of the batch");
}

// F.pad(x, (0, 0, 0, 0, 2, 2)) as torch exports it: the pads are padded, reversed in pairs and transposed.
TEST_F(ShapeArithmeticTest, TorchPadArithmetic) {
  integers("given", {0, 0, 0, 0, 2, 2});
  integers("rank", {4});
  integers("two", {2});
  integers("six", {6});
  node("Mul", {"rank", "two"}, {"eight"});
  node("Sub", {"eight", "six"}, {"missing"});
  node("Cast", {"missing"}, {"missing64"}).integer("to", onnx::TensorProto::INT64);
  node("ConstantOfShape", {"missing64"}, {"zeros"}).tensor("value", integerTensor({0}));
  node("Concat", {"given", "zeros"}, {"all"}).integer("axis", 0);
  integers("pairs", {-1, 2});
  node("Reshape", {"all", "pairs"}, {"paired"});
  integers("start", {-1});
  integers("end", {INT64_MIN + 1});
  integers("axis", {0});
  integers("step", {-1});
  node("Slice", {"paired", "start", "end", "axis", "step"}, {"reversed"});
  node("Transpose", {"reversed"}, {"transposed"}).integers("perm", {1, 0});
  integers("flat", {-1});
  node("Reshape", {"transposed", "flat"}, {"pads"});
  node("Cast", {"pads"}, {"pads64"}).integer("to", onnx::TensorProto::INT64);
  weight("zero", {}, std::vector<float>{0});
  node("Pad", {"x", "pads64", "zero"}).text("mode", "constant");
  EXPECT_TRUE(contains(import(), "low [2, 0, 0] high [2, 0, 0]"));
}

//===--------------------------------------------------------------------===//
// Integers
//===--------------------------------------------------------------------===//

TEST_F(ShapeArithmeticTest, ConstantsOfEveryForm) {
  node("Constant", {}, {"a"}).integer("value_int", 2);
  node("Constant", {}, {"b"}).integers("value_ints", {2, 48});
  node("Constant", {}, {"c"}).tensor("value", integerTensor({0}));
  node("Mul", {"a", "b"}, {"d"}); // 4, 96
  integers("at", {1});
  node("Gather", {"d", "at"}, {"e"}); // 96
  node("Mul", {"e", "a"}, {"f"});     // 192
  node("Concat", {"c", "f"}, {"shape"}).integer("axis", 0);
  node("Reshape", {"x", "shape"});
  EXPECT_TRUE(contains(import(), "-> tensor<?x192xf32>"));
}

TEST_F(ShapeArithmeticTest, DivisionFloorNegationRange) {
  node("Shape", {"x"}, {"shape"}).integer("start", 1);
  opset(15);
  integers("zero", {0})->clear_dims();
  node("Gather", {"shape", "zero"}, {"channels"}); // 4
  node("Cast", {"channels"}, {"real"}).integer("to", onnx::TensorProto::FLOAT);
  weight("three", {}, std::vector<float>{3});
  node("Div", {"real", "three"}, {"third"});
  node("Floor", {"third"}, {"one"}); // 1
  node("Cast", {"one"}, {"integer"}).integer("to", onnx::TensorProto::INT64);
  node("Neg", {"integer"}, {"minus"}); // -1
  integers("step", {-1})->clear_dims();
  node("Range", {"zero", "minus", "step"}, {"range"}); // 0
  integers("axis", {0});
  node("Unsqueeze", {"minus", "axis"}, {"minus1"});
  node("Concat", {"range", "minus1"}, {"target"}).integer("axis", 0); // 0, -1
  node("Reshape", {"x", "target"});
  EXPECT_TRUE(contains(import(), "-> tensor<?x192xf32>"));
}

TEST_F(ShapeArithmeticTest, ArithmeticOnTheDynamicBatch) {
  node("Shape", {"x"}, {"shape"});
  integers("two", {2});
  node("Mul", {"shape", "two"}, {"doubled"});
  node("Reshape", {"x", "doubled"});
  EXPECT_IMPORT_ERROR("node 'Mul_2' (Mul): expected arithmetic that does not depend on the dynamic batch");
}

TEST_F(ShapeArithmeticTest, OverflowAndDivisionByZero) {
  integers("most", {INT64_MAX});
  node("Add", {"most", "most"}, {"a"});
  node("Relu", {"x"});
  EXPECT_IMPORT_ERROR("expected a result in 64 bits");
  model.mutable_graph()->clear_node();
  integers("zero", {0});
  node("Div", {"most", "zero"}, {"a"});
  EXPECT_IMPORT_ERROR("expected a result in 64 bits");
}

TEST_F(ShapeArithmeticTest, GatherOutOfRange) {
  node("Shape", {"x"}, {"shape"});
  integers("at", {4});
  node("Gather", {"shape", "at"}, {"a"});
  EXPECT_IMPORT_ERROR("expected indices from -4 to 3, got 4");
}

} // namespace
