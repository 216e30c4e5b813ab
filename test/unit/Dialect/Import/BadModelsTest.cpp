// Files and graphs that are broken, by accident or on purpose: one error each, and no memory for what is only claimed.

#include "ImportTest.h"
#include <limits>

using namespace resnet::test;

namespace {

struct BadModelsTest : ImportTest {
  BadModelsTest() { input({-1, 4, 8, 8}); }
  /// A convolution with the weight `w`.
  void conv() { node("Conv", {"x", "w"}); }
  void expectFileError(const std::string &path, llvm::StringRef part) {
    EXPECT_EQ(importFile(path), "");
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_TRUE(contains(errors[0], part));
  }
};

TEST_F(BadModelsTest, Files) {
  expectFileError(folder.file("none.onnx"), "cannot read the model: No such file or directory");
  expectFileError(folder.path, "not a regular file");
  expectFileError("/dev/zero", "not a regular file");
  folder.write("empty.onnx", "");
  expectFileError(folder.file("empty.onnx"), "got an empty file");
  folder.write("text.onnx", "this is not a model\n");
  expectFileError(folder.file("text.onnx"), "expected an ONNX model");
  folder.write("graphless.onnx", std::string("\x08\x08", 2));
  expectFileError(folder.file("graphless.onnx"), "without a graph");
}

TEST_F(BadModelsTest, EveryTruncation) {
  weight("w", {4, 4, 3, 3});
  conv();
  output();
  const std::string whole = model.SerializeAsString();
  testing::internal::CaptureStderr();
  for (size_t size = 1; size < whole.size(); ++size) {
    folder.write("cut.onnx", whole.substr(0, size));
    // Protobuf has no end mark: a cut between two fields is a smaller message, which lacks something then.
    if (importFile(folder.file("cut.onnx")).empty())
      EXPECT_EQ(errors.size(), 1u) << size;
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// Each byte in turn becomes 255 and 0: whatever it was, nothing may crash, and a failure is one error.
TEST_F(BadModelsTest, EveryByteBroken) {
  weight("w", {4, 4, 1, 1});
  integers("shape", {0, -1});
  node("Conv", {"x", "w"}, {"a"}).integers("pads", {1, 1, 1, 1}).integer("group", 1);
  node("Reshape", {"a", "shape"});
  output();
  const std::string whole = model.SerializeAsString();
  for (size_t i = 0; i < whole.size(); ++i)
    for (char value : {'\xff', '\0'}) {
      std::string broken = whole;
      broken[i] = value;
      folder.write("broken.onnx", broken);
      if (importFile(folder.file("broken.onnx")).empty())
        EXPECT_EQ(errors.size(), 1u) << i;
    }
}

TEST_F(BadModelsTest, Opsets) {
  node("Relu", {"x"});
  opset(5);
  EXPECT_IMPORT_ERROR("expected ONNX operator set 6 to 21, got 5");
  opset(22);
  EXPECT_IMPORT_ERROR("expected ONNX operator set 6 to 21, got 22");
  model.mutable_opset_import(0)->set_domain("ai.onnx.ml");
  EXPECT_IMPORT_ERROR("got none");
}

TEST_F(BadModelsTest, UnsupportedOperator) {
  node("LSTM", {"x"}).name("my_lstm");
  EXPECT_IMPORT_ERROR("node 'my_lstm' (LSTM): unsupported operator");
}

TEST_F(BadModelsTest, UnsupportedDomain) {
  node("Relu", {"x"});
  model.mutable_graph()->mutable_node(0)->set_domain("com.example");
  EXPECT_IMPORT_ERROR("node 'Relu_1' (Relu): unsupported operator of domain 'com.example'");
}

TEST_F(BadModelsTest, UnsupportedAttribute) {
  node("Relu", {"x"}).integer("slope", 1);
  EXPECT_IMPORT_ERROR("node 'Relu_1' (Relu): unsupported attribute 'slope'");
}

TEST_F(BadModelsTest, AttributeOfAnotherType) {
  weight("w", {4, 4, 3, 3});
  node("Conv", {"x", "w"}).real("strides", 2);
  EXPECT_IMPORT_ERROR("expected attribute 'strides' to be a list of integers");
}

TEST_F(BadModelsTest, MissingAndSurplusInputs) {
  weight("w", {4, 4, 3, 3});
  node("Conv", {"x"});
  EXPECT_IMPORT_ERROR("node 'Conv_1' (Conv): expected 2 to 3 inputs, got 1");
  model.mutable_graph()->clear_node();
  node("Relu", {"x", "x"});
  EXPECT_IMPORT_ERROR("expected 1 inputs, got 2");
  model.mutable_graph()->clear_node();
  node("Relu", {""});
  EXPECT_IMPORT_ERROR("expected 1 inputs");
  model.mutable_graph()->clear_node();
  node("Relu", {"x"}, {});
  EXPECT_IMPORT_ERROR("expected a result");
}

TEST_F(BadModelsTest, Names) {
  node("Relu", {"nowhere"});
  EXPECT_IMPORT_ERROR("node 'Relu_1' (Relu): expected input 'nowhere' to be defined before this node");
  model.mutable_graph()->clear_node();
  node("Relu", {"x"}, {"x"});
  EXPECT_IMPORT_ERROR("expected every value to be defined once, got 'x' twice");
  model.mutable_graph()->clear_node();
  node("Relu", {"x"}, {"a"});
  EXPECT_IMPORT_ERROR("output 'y': expected a node that computes it, got none");
}

TEST_F(BadModelsTest, InputsAndOutputs) {
  weight("w", {4, 4, 3, 3});
  node("Identity", {"w"});
  EXPECT_IMPORT_ERROR("output 'y': expected a value that depends on the input, got a constant");
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT16);
  EXPECT_IMPORT_ERROR("input 'x': expected a tensor of FLOAT, got FLOAT16");
  model.mutable_graph()->clear_input();
  EXPECT_IMPORT_ERROR("expected a model with an input, got none");
}

//===--------------------------------------------------------------------===//
// Weights
//===--------------------------------------------------------------------===//

TEST_F(BadModelsTest, NonFiniteWeights) {
  weight("w", {4, 4, 1, 1})->mutable_raw_data()->replace(8, 4, "\x00\x00\xc0\x7f", 4);
  conv();
  EXPECT_IMPORT_ERROR("node 'Conv_1' (Conv): initializer 'w': expected finite elements, got nan at position 2");
}

TEST_F(BadModelsTest, NonFiniteWeightsOfOtherForms) {
  onnx::TensorProto *tensor = weight("w", {4, 4, 1, 1});
  tensor->clear_raw_data();
  for (int i = 0; i < 16; ++i)
    tensor->add_float_data(i == 3 ? std::numeric_limits<float>::infinity() : 1);
  conv();
  EXPECT_IMPORT_ERROR("expected finite elements, got inf at position 3");
  tensor->clear_float_data();
  tensor->set_data_type(onnx::TensorProto::DOUBLE);
  for (int i = 0; i < 16; ++i)
    tensor->add_double_data(1e300);
  EXPECT_IMPORT_ERROR("expected finite weights 'w', got inf at position 0");
}

TEST_F(BadModelsTest, SizesThatTheBytesDoNotHave) {
  onnx::TensorProto *tensor = weight("w", {4, 4, 3, 3});
  conv();
  tensor->set_dims(0, 5);
  EXPECT_IMPORT_ERROR("initializer 'w': expected 720 bytes for shape 5x4x3x3, got 576");
  tensor->set_dims(0, int64_t(1) << 30);
  EXPECT_IMPORT_ERROR("initializer 'w': expected 154618822656 bytes");
  tensor->set_dims(1, int64_t(1) << 60);
  EXPECT_IMPORT_ERROR("initializer 'w': expected non-negative dimensions whose product can be held");
  tensor->set_dims(0, -4);
  EXPECT_IMPORT_ERROR("initializer 'w': expected non-negative dimensions");
  for (int i = 0; i < 10; ++i)
    tensor->add_dims(1);
  EXPECT_IMPORT_ERROR("expected at most 8 dimensions");
}

TEST_F(BadModelsTest, EmptyWeights) {
  weight("w", {0, 4, 3, 3}, std::vector<float>());
  conv();
  EXPECT_IMPORT_ERROR("expected weights 'w' with elements");
}

TEST_F(BadModelsTest, WeightsOfAnotherType) {
  weight("w", {4, 4, 3, 3})->set_data_type(onnx::TensorProto::COMPLEX64);
  conv();
  EXPECT_IMPORT_ERROR("initializer 'w': expected elements of type FLOAT or INT64, got COMPLEX64");
}

TEST_F(BadModelsTest, ClaimedSizesOfConstantOfShape) {
  integers("huge", {int64_t(1) << 20, int64_t(1) << 20});
  node("ConstantOfShape", {"huge"}, {"w"});
  conv();
  EXPECT_IMPORT_ERROR("node 'ConstantOfShape_1' (ConstantOfShape): expected at most 268435456 elements");
  model.mutable_graph()->clear_node();
  integers("large", {1 << 27});
  node("ConstantOfShape", {"large"}, {"w"}).tensor("value", integerTensor({0}));
  EXPECT_IMPORT_ERROR("expected a model whose computed constants fit into memory");
}

// A few bytes a node must not become a few megabytes a node without end.
TEST_F(BadModelsTest, FoldedConstantsThatGrow) {
  integers("start", {1 << 20});
  node("ConstantOfShape", {"start"}, {"c0"}).tensor("value", integerTensor({0}));
  for (int i = 0; i < 30; ++i) {
    const std::string in = "c" + std::to_string(i), out = "c" + std::to_string(i + 1);
    node("Concat", {in, in}, {out}).integer("axis", 0);
  }
  EXPECT_IMPORT_ERROR("fit into memory");
}

TEST_F(BadModelsTest, ActivationsBeyondAnyMemory) {
  opset(10);
  node("Pad", {"x"}).integers("pads", {0, 0, 1 << 20, 1 << 20, 0, 0, 0, 0});
  EXPECT_IMPORT_ERROR("node 'Pad_1' (Pad): expected a result of at most 2147483648 elements an image");
}

} // namespace
