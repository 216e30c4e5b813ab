// Sums, linear layers, softmax, and what is folded into their constants.

#include "ImportTest.h"

using namespace resnet::test;

namespace {

using Floats = std::vector<float>;

struct HeadTest : ImportTest {
  HeadTest() { input({-1, 3}); }
};

TEST_F(HeadTest, GemmWithTransposedWeightIsTakenAsItIs) {
  weight("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  weight("b", {2}, {7, 8});
  node("Gemm", {"x", "w", "b"}).real("alpha", 1).real("beta", 1).integer("transB", 1);
  EXPECT_TRUE(contains(import(), "resnet.linear"));
  EXPECT_EQ(constant("w"), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(constant("b"), (Floats{7, 8}));
}

TEST_F(HeadTest, GemmFoldsTranspositionAndFactors) {
  weight("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  weight("b", {1, 2}, {7, 8});
  node("Gemm", {"x", "w", "b"}).real("alpha", 2).real("beta", 0.5f);
  EXPECT_TRUE(contains(import(), "tensor<2x3xf32>"));
  EXPECT_EQ(constant("w"), (Floats{2, 6, 10, 4, 8, 12}));
  EXPECT_EQ(constant("b"), (Floats{3.5f, 4}));
}

TEST_F(HeadTest, GemmBroadcastsASingleBias) {
  weight("w", {2, 3});
  weight("b", {1}, std::vector<float>{7});
  node("Gemm", {"x", "w", "b"}).integer("transB", 1).real("beta", 2);
  import();
  EXPECT_EQ(constant("b"), (Floats{14, 14}));
}

TEST_F(HeadTest, OneWeightInTwoFormsIsNotConfused) {
  weight("w", {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  node("Gemm", {"x", "w"}, {"a"}).integer("transB", 1).name("same");
  node("Gemm", {"a", "w"}, {"b"}).name("same");
  node("Gemm", {"b", "w"}).real("alpha", 2).name("same");
  EXPECT_EQ(llvm::StringRef(import()).count("resnet.constant"), 3u);
}

TEST_F(HeadTest, GemmBiasOfAWrongLength) {
  weight("w", {2, 3});
  weight("b", {3});
  node("Gemm", {"x", "w", "b"}).integer("transB", 1);
  EXPECT_IMPORT_ERROR("node 'Gemm_1' (Gemm): expected a bias of 2 elements, got 'b' of shape 3");
}

TEST_F(HeadTest, GemmWithTransposedInput) {
  weight("w", {2, 3});
  node("Gemm", {"x", "w"}).integer("transA", 1);
  EXPECT_IMPORT_ERROR("expected transA 0");
}

TEST_F(HeadTest, GemmWhoseShapesDoNotFit) {
  weight("w", {2, 4});
  node("Gemm", {"x", "w"}).integer("transB", 1);
  EXPECT_IMPORT_ERROR("node 'Gemm_1' (Gemm): linear_c1");
}

TEST_F(HeadTest, MatMulAndItsBias) {
  weight("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  weight("b", {2}, {7, 8});
  node("MatMul", {"x", "w"}, {"a"});
  node("Add", {"b", "a"});
  const std::string ir = import();
  EXPECT_EQ(llvm::StringRef(ir).count("resnet.linear"), 1u);
  EXPECT_EQ(names(), "MatMul_1, Add_2");
  EXPECT_EQ(constant("w"), (Floats{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(constant("b"), (Floats{7, 8}));
}

TEST_F(HeadTest, AMatMulThatOthersReadStaysBesideTheBiasedOne) {
  weight("w", {3, 2});
  weight("b", {2});
  node("MatMul", {"x", "w"}, {"a"});
  node("Add", {"a", "b"}, {"c"});
  node("Relu", {"a"}, {"z"});
  node("Add", {"c", "z"});
  const std::string ir = import();
  EXPECT_EQ(llvm::StringRef(ir).count("resnet.linear"), 2u);
  EXPECT_TRUE(contains(ir, "resnet.relu %1 :"));
}

// Identity gives one result two names: the bias is added to one, the other is read before it, after it, or an output.
TEST_F(HeadTest, BiasOfAResultThatIsReadByAnotherName) {
  for (bool before : {true, false}) {
    model.mutable_graph()->Clear();
    input({-1, 3, 4, 4});
    output();
    weight("w", {2, 3, 1, 1});
    weight("b", {1, 2, 1, 1});
    node("Conv", {"x", "w"}, {"a"});
    node("Identity", {"a"}, {"alias"});
    if (before)
      node("Relu", {"a"}, {"r"});
    node("Add", {"alias", "b"}, {"c"});
    if (!before)
      node("Relu", {"a"}, {"r"});
    node("Add", {"c", "r"});
    const std::string ir = import();
    EXPECT_EQ(llvm::StringRef(ir).count("resnet.conv2d"), 2u) << ir;
    EXPECT_EQ(llvm::StringRef(ir).count("tensor<2xf32>)"), 1u) << ir;
  }
}

TEST_F(HeadTest, BiasOfAResultThatIsAnOutputByAnotherName) {
  weight("w", {3, 2});
  weight("b", {2});
  node("MatMul", {"x", "w"}, {"a"});
  node("Flatten", {"a"}, {"alias"});
  node("Add", {"alias", "b"});
  output("y");
  output("a");
  const std::string ir = import();
  EXPECT_EQ(llvm::StringRef(ir).count("resnet.linear"), 2u) << ir;
  EXPECT_TRUE(contains(ir, "-> (tensor<?x2xf32> {resnet.name = \"y\"}, tensor<?x2xf32> {resnet.name = \"a\"})"));
}

TEST_F(HeadTest, WhatNothingReadsIsLeftOut) {
  node("Relu", {"x"});
  node("Softmax", {"x"}, {"unused"});
  import();
  EXPECT_EQ(names(), "Relu_1");
}

TEST_F(HeadTest, ConvBiasAsAnAdd) {
  model.mutable_graph()->clear_input();
  input({1, 3, 4, 4});
  weight("w", {2, 3, 1, 1});
  weight("b", {1, 2, 1, 1}, {7, 8});
  node("Conv", {"x", "w"}, {"a"});
  node("Add", {"a", "b"});
  EXPECT_TRUE(contains(import(), "(tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>)"));
  EXPECT_EQ(constant("b"), (Floats{7, 8}));
}

TEST_F(HeadTest, AddOfAConstantThatIsNoBias) {
  weight("b", {1, 3}, {1, 2, 3});
  node("Add", {"x", "b"});
  EXPECT_TRUE(contains(import(), "resnet.batch_norm"));
  EXPECT_EQ(constant("b.scale"), (Floats{1, 1, 1}));
  EXPECT_EQ(constant("b.offset"), (Floats{1, 2, 3}));
}

TEST_F(HeadTest, SumOfThree) {
  node("Relu", {"x"}, {"a"});
  node("Sum", {"x", "a", "x"});
  EXPECT_EQ(llvm::StringRef(import()).count("resnet.add"), 2u);
}

TEST_F(HeadTest, SumOfOneIsItsOperand) {
  node("Sum", {"x"}, {"a"});
  node("Relu", {"a"});
  EXPECT_EQ(llvm::StringRef(import()).count("resnet.add"), 0u);
}

TEST_F(HeadTest, AddOfShapesThatDoNotFit) {
  input({-1, 4}, "x2");
  node("Add", {"x", "x2"});
  EXPECT_IMPORT_ERROR("node 'Add_1' (Add): expected operands of one shape");
}

TEST_F(HeadTest, InputsOfTwoBatches) {
  input({2, 3}, "x2");
  node("Relu", {"x"});
  EXPECT_IMPORT_ERROR("inputs 'x' and 'x2': expected one batch, got ? and 2");
  model.mutable_graph()->clear_input();
  input({3, 3});
  input({2, 3}, "x2");
  errors.clear();
  EXPECT_IMPORT_ERROR("inputs 'x' and 'x2': expected one batch, got 3 and 2");
}

TEST_F(HeadTest, MulOfActivations) {
  node("Mul", {"x", "x"});
  EXPECT_TRUE(contains(import(), "resnet.mul %arg0, %arg0"));
}

TEST_F(HeadTest, SoftmaxByTheDefaultAxisOfBothDefinitions) {
  node("Softmax", {"x"});
  for (int64_t version : {9, 11, 13, 18}) {
    opset(version);
    EXPECT_TRUE(contains(import(), "resnet.softmax")) << version;
  }
}

TEST_F(HeadTest, SoftmaxOverTheBatch) {
  node("Softmax", {"x"}).integer("axis", 0);
  EXPECT_IMPORT_ERROR("expected softmax over all features of an image, got axis 0");
}

TEST_F(HeadTest, Dropout) {
  opset(10);
  node("Dropout", {"x"}, {"a", "mask"}).real("ratio", 0.25f);
  node("Relu", {"a"});
  EXPECT_TRUE(contains(import(), "resnet.dropout %arg0 ratio 2.500000e-01"));
}

TEST_F(HeadTest, DropoutInTraining) {
  weight("ratio", {}, std::vector<float>{0.5f});
  integers("training", {1})->clear_dims();
  node("Dropout", {"x", "ratio", "training"});
  EXPECT_IMPORT_ERROR("expected inference, got training_mode 1");
}

TEST_F(HeadTest, ConstantArithmeticOnWeights) {
  weight("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  weight("s", {2, 1}, {10, 100});
  node("Mul", {"w", "s"}, {"scaled"});
  node("Identity", {"scaled"}, {"same"});
  node("Transpose", {"same"}, {"t"});
  node("Gemm", {"x", "t"});
  import();
  EXPECT_EQ(constant("t"), (Floats{10, 20, 30, 400, 500, 600}));
}

TEST_F(HeadTest, AWeightThatFoldingMakesInfinite) {
  weight("w", {2, 3}, 1e38f);
  node("Gemm", {"x", "w"}).real("alpha", 100).integer("transB", 1);
  EXPECT_IMPORT_ERROR("node 'Gemm_1' (Gemm): expected finite weights 'w', got inf at position 0");
}

TEST_F(HeadTest, WeightsMadeByConstantOfShape) {
  onnx::TensorProto value;
  value.set_data_type(onnx::TensorProto::FLOAT);
  value.add_dims(1);
  value.add_float_data(0.5f);
  integers("shape", {2, 3});
  node("ConstantOfShape", {"shape"}, {"w"}).tensor("value", value);
  node("Gemm", {"x", "w"}).integer("transB", 1);
  import();
  EXPECT_EQ(constant("w"), Floats(6, 0.5f));
}

} // namespace
