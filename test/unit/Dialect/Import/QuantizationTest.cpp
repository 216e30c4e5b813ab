// QuantizeLinear and DequantizeLinear: constants are folded, activations are rounded.

#include "ImportTest.h"

using namespace resnet;
using namespace resnet::test;

namespace {

using Floats = std::vector<float>;

class QuantizationTest : public ImportTest {
protected:
  QuantizationTest() {
    input({-1, 4, 6, 6});
    output();
    weight("scale", {}, Floats{0.5f});
    bytes("zero", {}, {3});
  }
  // INT8 elements.
  void bytes(const std::string &name, std::vector<int64_t> shape, std::vector<int> values,
             onnx::TensorProto::DataType type = onnx::TensorProto::INT8) {
    onnx::TensorProto *tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (int64_t dim : shape)
      tensor->add_dims(dim);
    for (int value : values)
      tensor->add_int32_data(value);
  }
};

TEST_F(QuantizationTest, ActivationIsRounded) {
  node("QuantizeLinear", {"x", "scale", "zero"}, {"q"});
  node("DequantizeLinear", {"q", "scale", "zero"});
  EXPECT_TRUE(contains(import(), "resnet.fake_quantize %arg0 scale 5.000000e-01 zero_point 3 range [-128, 127]"));
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_TRUE(contains(remarks[0], "quantized model: compiled as f32; 1 activations are rounded"));
}

TEST_F(QuantizationTest, WithoutZeroPointItIsUnsigned) {
  node("QuantizeLinear", {"x", "scale"}, {"q"});
  node("DequantizeLinear", {"q", "scale"});
  EXPECT_TRUE(contains(import(), "zero_point 0 range [0, 255]"));
}

TEST_F(QuantizationTest, OtherScale) {
  weight("other", {}, Floats{0.25f});
  node("QuantizeLinear", {"x", "scale", "zero"}, {"q"});
  node("DequantizeLinear", {"q", "other", "zero"});
  EXPECT_IMPORT_ERROR(
      "node 'DequantizeLinear_2' (DequantizeLinear): expected the scale and zero point of the QuantizeLinear before, "
      "0.500000 and 3, got 0.250000 and 3");
}

TEST_F(QuantizationTest, ScalesOfChannels) {
  weight("many", {4}, 1.0f);
  bytes("zeros", {4}, {0, 0, 0, 0});
  node("QuantizeLinear", {"x", "many", "zeros"}, {"q"});
  EXPECT_IMPORT_ERROR("expected one scale for the activation, got 4");
}

TEST_F(QuantizationTest, WithoutDequantisation) {
  node("QuantizeLinear", {"x", "scale", "zero"}, {"q"});
  node("Relu", {"q"});
  EXPECT_IMPORT_ERROR("node 'Relu_2' (Relu): expected input 'q' to be floats, got a quantized activation");
}

TEST_F(QuantizationTest, QuantizedOutput) {
  node("QuantizeLinear", {"x", "scale", "zero"});
  EXPECT_IMPORT_ERROR("output 'y': expected floats, got a quantized value");
}

TEST_F(QuantizationTest, ReshapesCarryIt) {
  integers("shape", {0, 144});
  node("QuantizeLinear", {"x", "scale", "zero"}, {"q"});
  node("Reshape", {"q", "shape"}, {"r"});
  node("DequantizeLinear", {"r", "scale", "zero"});
  EXPECT_TRUE(contains(import(), "resnet.flatten"));
}

TEST_F(QuantizationTest, WeightsOfChannelsAndBias) {
  bytes("w8", {2, 4, 1, 1}, {1, 2, 3, 4, -5, -6, -7, -8});
  weight("ws", {2}, Floats{0.5f, 2});
  bytes("wz", {2}, {0, 1});
  bytes("b32", {2}, {1000, -1000}, onnx::TensorProto::INT32);
  bytes("bz", {2}, {0, 0}, onnx::TensorProto::INT32);
  node("DequantizeLinear", {"w8", "ws", "wz"}, {"w"}).integer("axis", 0);
  node("DequantizeLinear", {"b32", "ws", "bz"}, {"b"}).integer("axis", 0);
  node("Conv", {"x", "w", "b"});
  import();
  EXPECT_EQ(constant("w"), (Floats{0.5f, 1, 1.5f, 2, -12, -14, -16, -18}));
  EXPECT_EQ(constant("b"), (Floats{500, -2000}));
}

TEST_F(QuantizationTest, WeightsAreQuantizedWhereTheModelDoes) {
  weight("f", {1, 4, 1, 1}, Floats{0.75f, 1.25f, 100, -100});
  node("QuantizeLinear", {"f", "scale", "zero"}, {"q"});
  node("DequantizeLinear", {"q", "scale", "zero"}, {"w"});
  node("Conv", {"x", "w"});
  import();
  EXPECT_EQ(constant("w"), (Floats{1, 1, 62, -65.5f})); // ties to even, ends of the range
}

TEST_F(QuantizationTest, ScalesThatDoNotFit) {
  bytes("w8", {2, 4, 1, 1}, std::vector<int>(8, 1));
  weight("ws", {3}, 1.0f);
  node("DequantizeLinear", {"w8", "ws"}, {"w"}).integer("axis", 0);
  node("Conv", {"x", "w"});
  EXPECT_IMPORT_ERROR("node 'DequantizeLinear_1' (DequantizeLinear): expected 2 scales, one for each position of axis 0, got 3");
}

} // namespace
