// What attention, other normalisations and other activations are made of.

#include "ImportTest.h"

using namespace resnet;
using namespace resnet::test;

namespace {

using Floats = std::vector<float>;

class OperatorsTest : public ImportTest {
protected:
  OperatorsTest() {
    input({-1, 4, 6, 6});
    output();
  }
  size_t count(const std::string &text) { return llvm::StringRef(import()).count(text); }
};

//===--------------------------------------------------------------------===//
// Activations
//===--------------------------------------------------------------------===//

TEST_F(OperatorsTest, Activations) {
  const std::pair<const char *, const char *> cases[] = {{"Sigmoid", "resnet.sigmoid %arg0"},
                                                         {"HardSwish", "resnet.hard_swish %arg0"},
                                                         {"HardSigmoid", "resnet.hard_sigmoid %arg0 slope 2.000000e-01"},
                                                         {"Clip", "resnet.clip %arg0 :"}};
  for (auto [operation, expected] : cases) {
    model.mutable_graph()->clear_node();
    node(operation, {"x"});
    EXPECT_TRUE(contains(import(), expected));
  }
}

TEST_F(OperatorsTest, HardSigmoidOfExporters) {
  node("HardSigmoid", {"x"}).real("alpha", 1.0f / 6);
  EXPECT_TRUE(contains(import(), "resnet.hard_sigmoid %arg0 :"));
}

TEST_F(OperatorsTest, ClipByAttributes) {
  opset(10);
  node("Clip", {"x"}).real("min", 0).real("max", 6);
  EXPECT_TRUE(contains(import(), "resnet.clip %arg0 min 0.000000e+00 max 6.000000e+00"));
}

TEST_F(OperatorsTest, ClipByInputs) {
  weight("six", {}, Floats{6});
  node("Clip", {"x", "", "six"});
  EXPECT_TRUE(contains(import(), "resnet.clip %arg0 max 6.000000e+00"));
}

TEST_F(OperatorsTest, ClipByAVector) {
  weight("bounds", {2}, Floats{1, 2});
  node("Clip", {"x", "bounds"});
  EXPECT_IMPORT_ERROR("node 'Clip_1' (Clip): expected min to be one number, got 'bounds' of shape 2");
}

//===--------------------------------------------------------------------===//
// Constants beside activations
//===--------------------------------------------------------------------===//

TEST_F(OperatorsTest, ScaleAndShiftOfChannelsAreOneNormalisation) {
  weight("s", {4, 1, 1}, Floats{1, 2, 3, 4});
  weight("t", {1, 4, 1, 1}, Floats{5, 6, 7, 8});
  node("Mul", {"x", "s"}, {"a"});
  node("Sub", {"a", "t"});
  EXPECT_EQ(count("resnet.batch_norm"), 1u);
  EXPECT_EQ(constant("t.scale"), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(constant("t.offset"), (Floats{-5, -6, -7, -8}));
}

TEST_F(OperatorsTest, ScalarsInEitherOrder) {
  weight("one", {}, Floats{1});
  weight("two", {1}, Floats{2});
  node("Sub", {"one", "x"}, {"a"});
  node("Div", {"a", "two"});
  EXPECT_EQ(count("resnet.batch_norm"), 1u);
  EXPECT_EQ(constant("two.scale"), (Floats{-0.5f, -0.5f, -0.5f, -0.5f}));
  EXPECT_EQ(constant("two.offset"), (Floats{0.5f, 0.5f, 0.5f, 0.5f}));
}

TEST_F(OperatorsTest, ConstantOfPositions) {
  weight("p", {6, 6});
  node("Add", {"x", "p"});
  EXPECT_IMPORT_ERROR(
      "node 'Add_1' (Add): expected a constant of one number, or of one a channel in shape 1x4x1x1, got shape 6x6");
}

TEST_F(OperatorsTest, DivisionByZeroAndOfConstants) {
  weight("zero", {}, Floats{0});
  node("Div", {"x", "zero"});
  EXPECT_IMPORT_ERROR("expected a divisor that is not 0");
  model.mutable_graph()->clear_node();
  errors.clear();
  node("Div", {"zero", "x"});
  EXPECT_IMPORT_ERROR("expected a constant divisor");
}

TEST_F(OperatorsTest, AxesOfOpset6) {
  opset(6);
  weight("s", {4}, Floats{1, 2, 3, 4});
  node("Mul", {"x", "s"}).integer("broadcast", 1).integer("axis", 1);
  EXPECT_TRUE(contains(import(), "resnet.batch_norm"));
}

TEST_F(OperatorsTest, Difference) {
  node("Relu", {"x"}, {"a"});
  node("Sub", {"x", "a"});
  EXPECT_EQ(count("resnet.add"), 1u);
  EXPECT_EQ(constant("a.scale"), (Floats{-1, -1, -1, -1}));
}

//===--------------------------------------------------------------------===//
// Gates
//===--------------------------------------------------------------------===//

TEST_F(OperatorsTest, GateInEitherOrder) {
  node("GlobalAveragePool", {"x"}, {"m"});
  node("Sigmoid", {"m"}, {"g"});
  node("Mul", {"g", "x"});
  EXPECT_TRUE(contains(import(), "resnet.mul %arg0, %1 : (tensor<?x4x6x6xf32>, tensor<?x4x1x1xf32>)"));
}

TEST_F(OperatorsTest, AddedGateIsExpanded) {
  node("GlobalMaxPool", {"x"}, {"m"});
  node("Add", {"x", "m"});
  EXPECT_TRUE(contains(import(), "resnet.expand %0 size [6, 6]"));
}

TEST_F(OperatorsTest, GateOfPositions) {
  integers("axes", {1});
  weight("w", {1, 4, 1, 1});
  node("Conv", {"x", "w"}, {"g"});
  node("Mul", {"x", "g"});
  EXPECT_IMPORT_ERROR("expected operands of one shape, or [N, C, 1, 1] beside [N, C, H, W], got ?x4x6x6 and ?x1x6x6");
}

// y.expand_as(x), as torch writes it with a dynamic batch.
TEST_F(OperatorsTest, ExpandByAComputedShape) {
  integers("minus", {-1, -1, -1, -1});
  node("GlobalAveragePool", {"x"}, {"m"});
  node("Shape", {"x"}, {"size"});
  node("Equal", {"size", "minus"}, {"open"});
  integers("ones", {1, 1, 1, 1});
  node("Where", {"open", "ones", "size"}, {"target"});
  node("Expand", {"m", "target"}, {"e"});
  node("Mul", {"x", "e"});
  EXPECT_TRUE(contains(import(), "resnet.expand %0 size [6, 6]"));
}

TEST_F(OperatorsTest, ExpandOfChannels) {
  integers("shape", {1, 8, 1, 1});
  node("GlobalAveragePool", {"x"}, {"m"});
  node("Expand", {"m", "shape"});
  EXPECT_IMPORT_ERROR("node 'Expand_2' (Expand): expected [N, C, 1, 1] to be expanded to [N, C, H, W], got ?x4x1x1");
}

// squeeze, transpose, a convolution over the channels, and back: efficient channel attention.
TEST_F(OperatorsTest, ConvolutionOverChannels) {
  weight("w", {1, 1, 3}, Floats{1, 2, 3});
  node("GlobalAveragePool", {"x"}, {"m"});
  integers("last", {-1});
  node("Squeeze", {"m", "last"}, {"s"});
  node("Transpose", {"s"}, {"t"}).integers("perm", {0, 2, 1});
  node("Conv", {"t", "w"}, {"c"}).integers("pads", {1, 1}).integers("kernel_shape", {3});
  node("Transpose", {"c"}, {"u"}).integers("perm", {0, 2, 1});
  node("Unsqueeze", {"u", "last"}, {"v"});
  node("Sigmoid", {"v"}, {"g"});
  node("Mul", {"x", "g"});
  const std::string text = import();
  EXPECT_TRUE(contains(text, "resnet.reshape %0 [1, 1, 4] : tensor<?x4x1x1xf32> -> tensor<?x1x1x4xf32>"));
  EXPECT_TRUE(contains(text, "pad [0, 1, 0, 1]"));
  EXPECT_TRUE(contains(text, "[4, 1, 1] : tensor<?x1x1x4xf32> -> tensor<?x4x1x1xf32>"));
  EXPECT_EQ(llvm::StringRef(text).count("resnet.transpose"), 0u);
}

//===--------------------------------------------------------------------===//
// Normalisations
//===--------------------------------------------------------------------===//

TEST_F(OperatorsTest, InstanceNormalisation) {
  weight("s", {4}, Floats{1, 2, 3, 4});
  weight("o", {4});
  node("InstanceNormalization", {"x", "s", "o"}).real("epsilon", 1e-3f);
  EXPECT_TRUE(contains(import(), "groups 4 epsilon 1.000000e-03"));
}

// torch's export: the scale and shift of channels follow the normalisation of [N, G, -1].
TEST_F(OperatorsTest, GroupNormalisationByReshapes) {
  weight("ones", {2}, Floats{1, 1});
  weight("zeros", {2}, Floats{0, 0});
  weight("s", {4, 1, 1}, Floats{1, 2, 3, 4});
  weight("o", {4, 1, 1}, Floats{5, 6, 7, 8});
  integers("groups", {0, 2, -1});
  node("Reshape", {"x", "groups"}, {"a"});
  node("InstanceNormalization", {"a", "ones", "zeros"}, {"b"});
  node("Shape", {"x"}, {"size"});
  node("Reshape", {"b", "size"}, {"c"});
  node("Mul", {"c", "s"}, {"d"});
  node("Add", {"d", "o"});
  const std::string text = import();
  EXPECT_TRUE(contains(text, "resnet.group_norm %arg0, %0, %1 groups 2"));
  EXPECT_EQ(llvm::StringRef(text).count("resnet.group_norm"), 1u);
  EXPECT_EQ(llvm::StringRef(text).count("resnet.reshape"), 0u);
  EXPECT_EQ(constant("o.scale"), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(constant("o.offset"), (Floats{5, 6, 7, 8}));
}

TEST_F(OperatorsTest, GroupNormalizationByGroupAndByChannel) {
  opset(18);
  weight("s", {2}, Floats{1, 2});
  weight("o", {2}, Floats{3, 4});
  node("GroupNormalization", {"x", "s", "o"}).integer("num_groups", 2);
  EXPECT_TRUE(contains(import(), "groups 2"));
  EXPECT_EQ(constant("s"), (Floats{1, 1, 2, 2}));
  opset(21);
  EXPECT_IMPORT_ERROR("node 'GroupNormalization_1' (GroupNormalization): expected 's' of 4 numbers, got shape 2");
}

TEST_F(OperatorsTest, GroupsThatDoNotDivide) {
  opset(18);
  weight("s", {3});
  node("GroupNormalization", {"x", "s", "s"}).integer("num_groups", 3);
  EXPECT_IMPORT_ERROR("expected num_groups that divides 4 channels, got 3");
}

TEST_F(OperatorsTest, NormalisationOfTraining) {
  opset(6);
  weight("w", {4}, 1.0f);
  node("BatchNormalization", {"x", "w", "w", "w", "w"});
  EXPECT_IMPORT_ERROR("expected inference");
}

TEST_F(OperatorsTest, WeightsOfHalfPrecision) {
  onnx::TensorProto *half = weight("w", {1, 4, 1, 1}, Floats{});
  half->set_data_type(onnx::TensorProto::FLOAT16);
  half->clear_raw_data();
  for (int bits : {0x3c00, 0xc100, 0x0001, 0x7bff}) // 1, -2.5, the least and the greatest
    half->add_int32_data(bits);
  onnx::TensorProto *brain = weight("b", {1}, Floats{});
  brain->set_data_type(onnx::TensorProto::BFLOAT16);
  brain->set_raw_data(std::string("\xc0\x3f", 2)); // 1.5
  node("Conv", {"x", "w", "b"});
  import();
  EXPECT_EQ(constant("w"), (Floats{1, -2.5f, 5.9604645e-8f, 65504}));
  EXPECT_EQ(constant("b"), (Floats{1.5f}));
}

//===--------------------------------------------------------------------===//
// Concat, Split, one axis
//===--------------------------------------------------------------------===//

TEST_F(OperatorsTest, SplitAndConcat) {
  node("Split", {"x"}, {"a", "b"}).integer("axis", 1).integers("split", {1, 3});
  opset(12);
  node("Concat", {"b", "a"}).integer("axis", -3);
  const std::string text = import();
  EXPECT_TRUE(contains(text, "resnet.slice %arg0 offsets [1, 0, 0] sizes [3, 6, 6]"));
  EXPECT_TRUE(contains(text, "resnet.concat %1, %0 : (tensor<?x3x6x6xf32>, tensor<?x1x6x6xf32>)"));
}

TEST_F(OperatorsTest, SplitByInputAndByNumber) {
  integers("sizes", {3, 1});
  node("Split", {"x", "sizes"}, {"y", "b"}).integer("axis", 1);
  EXPECT_TRUE(contains(import(), "sizes [3, 6, 6]"));
  opset(18);
  model.mutable_graph()->clear_node();
  node("Split", {"x"}, {"a", "b", "y"}).integer("axis", 2).integer("num_outputs", 3);
  EXPECT_TRUE(contains(import(), "offsets [0, 4, 0] sizes [4, 2, 6]"));
}

TEST_F(OperatorsTest, SplitOfOtherSizes) {
  integers("sizes", {3, 2});
  node("Split", {"x", "sizes"}, {"y", "b"}).integer("axis", 1);
  EXPECT_IMPORT_ERROR("node 'Split_1' (Split): expected 2 sizes whose sum is 4, got 3x2");
}

TEST_F(OperatorsTest, ConcatOfRows) {
  node("Concat", {"x", "x"}).integer("axis", 2);
  EXPECT_IMPORT_ERROR("expected activations to be concatenated along their channels, axis 1, got axis 2");
}

TEST_F(OperatorsTest, MeanOverOneAxis) {
  node("ReduceMean", {"x"}).integers("axes", {3});
  EXPECT_TRUE(contains(import(), "resnet.avg_pool2d %arg0 kernel [1, 6]"));
}

TEST_F(OperatorsTest, MeanOfAFlattenedMap) {
  integers("shape", {0, 4, -1});
  node("Reshape", {"x", "shape"}, {"a"});
  node("ReduceMean", {"a"}).integers("axes", {-1}).integer("keepdims", 0);
  EXPECT_TRUE(contains(import(), "resnet.global_avg_pool"));
  EXPECT_TRUE(contains(import(), "-> tensor<?x4xf32>"));
}

TEST_F(OperatorsTest, LogSoftmaxOfAMapOfOneElement) {
  node("GlobalAveragePool", {"x"}, {"m"});
  node("LogSoftmax", {"m"}).integer("axis", 1);
  EXPECT_TRUE(contains(import(), "resnet.softmax %1 log"));
  EXPECT_TRUE(contains(import(), "return %3 : tensor<?x4x1x1xf32>"));
}

} // namespace
