// The fixture of the import tests, and whole small networks.

#include "ImportTest.h"
#include "dialect/IR/Layouts.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace mlir;
using namespace resnet;
using namespace resnet::test;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "resnet-import-XXXXXX").string();
  path = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

void TemporaryFolder::write(const std::string &name, const std::string &content) const {
  std::ofstream(file(name), std::ios::binary) << content;
}

onnx::AttributeProto *NodeBuilder::add(const std::string &name, onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto *attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

NodeBuilder &NodeBuilder::integer(const std::string &name, int64_t value) {
  add(name, onnx::AttributeProto::INT)->set_i(value);
  return *this;
}

NodeBuilder &NodeBuilder::integers(const std::string &name, std::vector<int64_t> values) {
  auto *attribute = add(name, onnx::AttributeProto::INTS);
  for (int64_t value : values)
    attribute->add_ints(value);
  return *this;
}

NodeBuilder &NodeBuilder::real(const std::string &name, float value) {
  add(name, onnx::AttributeProto::FLOAT)->set_f(value);
  return *this;
}

NodeBuilder &NodeBuilder::text(const std::string &name, const std::string &value) {
  add(name, onnx::AttributeProto::STRING)->set_s(value);
  return *this;
}

NodeBuilder &NodeBuilder::tensor(const std::string &name, const onnx::TensorProto &value) {
  *add(name, onnx::AttributeProto::TENSOR)->mutable_t() = value;
  return *this;
}

NodeBuilder &NodeBuilder::name(const std::string &name) {
  node->set_name(name);
  return *this;
}

ImportTest::ImportTest() {
  model.set_ir_version(8);
  opset(13);
}

void ImportTest::opset(int64_t version) {
  model.clear_opset_import();
  model.add_opset_import()->set_version(version);
}

NodeBuilder ImportTest::node(const std::string &operation, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  onnx::NodeProto *node = model.mutable_graph()->add_node();
  node->set_op_type(operation);
  node->set_name(operation + "_" + std::to_string(model.graph().node_size()));
  for (const std::string &input : inputs)
    node->add_input(input);
  for (const std::string &output : outputs)
    node->add_output(output);
  return NodeBuilder(node);
}

onnx::TensorProto *ImportTest::weight(const std::string &name, std::vector<int64_t> shape, std::vector<float> values) {
  onnx::TensorProto *tensor = model.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : shape)
    tensor->add_dims(dim);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return tensor;
}

onnx::TensorProto *ImportTest::weight(const std::string &name, std::vector<int64_t> shape, float value) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return weight(name, shape, std::vector<float>(count, value));
}

onnx::TensorProto ImportTest::integerTensor(std::vector<int64_t> values) {
  onnx::TensorProto tensor;
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(values.size());
  for (int64_t value : values)
    tensor.add_int64_data(value);
  return tensor;
}

onnx::TensorProto *ImportTest::integers(const std::string &name, std::vector<int64_t> values) {
  onnx::TensorProto *tensor = model.mutable_graph()->add_initializer();
  *tensor = integerTensor(values);
  tensor->set_name(name);
  return tensor;
}

void ImportTest::input(std::vector<int64_t> shape, const std::string &name) {
  onnx::ValueInfoProto *value = model.mutable_graph()->add_input();
  value->set_name(name);
  auto *type = value->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  type->mutable_shape();
  for (int64_t dim : shape) {
    auto *proto = type->mutable_shape()->add_dim();
    dim < 0 ? proto->set_dim_param("N") : proto->set_dim_value(dim);
  }
}

void ImportTest::output(const std::string &name) { model.mutable_graph()->add_output()->set_name(name); }

std::string ImportTest::import(const ImportOptions &options) {
  if (model.graph().output().empty())
    output();
  folder.write("model.onnx", model.SerializeAsString());
  return importFile(folder.file("model.onnx"), options);
}

std::string ImportTest::importFile(const std::string &path, const ImportOptions &options) {
  errors.clear();
  remarks.clear();
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors.push_back(diagnostic.str());
    if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
      remarks.push_back(diagnostic.str());
    return success();
  });
  module = importOnnx(path, options, &context);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (module)
    module->print(os);
  return text;
}

std::vector<float> ImportTest::constant(StringRef name) {
  std::vector<float> elements;
  module->walk([&](ConstantOp op) {
    SmallVector<float> storage;
    if (sourceName(op.getLoc()) == name)
      elements = constantElements(op.getValue(), storage).vec();
  });
  return elements;
}

std::string ImportTest::names() {
  std::vector<std::string> list;
  module->walk([&](Operation *op) {
    if (op->getDialect()->getNamespace() == "resnet" && !isa<ConstantOp>(op))
      list.push_back(sourceName(op->getLoc()));
  });
  return llvm::join(list, " ");
}

testing::AssertionResult resnet::test::contains(StringRef text, StringRef part) {
  if (text.contains(part))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << "expected a text with '" << part.str() << "', got:\n" << text.str();
}

//===--------------------------------------------------------------------===//
// Whole networks
//===--------------------------------------------------------------------===//

namespace {

TEST_F(ImportTest, BasicBlockKeepsNamesOrderAndOneCopyOfAWeight) {
  input({-1, 4, 8, 8});
  weight("layer1.0.conv1.weight", {4, 4, 3, 3});
  node("Conv", {"x", "layer1.0.conv1.weight"}, {"a"}).integers("pads", {1, 1, 1, 1}).name("/layer1/layer1.0/conv1/Conv");
  node("Relu", {"a"}, {"b"}).name("/layer1/layer1.0/relu/Relu");
  node("Conv", {"b", "layer1.0.conv1.weight"}, {"c"}).integers("pads", {1, 1, 1, 1}).name("/layer1/layer1.0/conv2/Conv");
  node("Add", {"c", "x"}, {"d"}).name("/layer1/layer1.0/Add");
  node("Relu", {"d"}).name(""); // Unnamed nodes are called after their result.
  const std::string ir = import();
  EXPECT_TRUE(contains(ir, "func.func @main(%arg0: tensor<?x4x8x8xf32> {resnet.name = \"x\"}) -> (tensor<?x4x8x8xf32> "
                           "{resnet.name = \"y\"})"));
  EXPECT_EQ(names(), "/layer1/layer1.0/conv1/Conv /layer1/layer1.0/relu/Relu /layer1/layer1.0/conv2/Conv "
                     "/layer1/layer1.0/Add y");
  EXPECT_EQ(llvm::StringRef(ir).count("resnet.constant"), 1u);
  EXPECT_TRUE(contains(ir, "dense_resource<layer1.0.conv1.weight>"));
}

TEST_F(ImportTest, WeightsAreAlignedResources) {
  input({1, 4, 8, 8});
  weight("w", {4, 4, 3, 3}, 0.25f);
  node("Conv", {"x", "w"});
  import();
  module->walk([&](ConstantOp op) {
    SmallVector<float> storage;
    auto data = constantElements(op.getValue(), storage);
    EXPECT_TRUE(storage.empty());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data.data()) % 64, 0u);
  });
  EXPECT_EQ(constant("w"), std::vector<float>(144, 0.25f));
}

TEST_F(ImportTest, InitializersListedAsInputsAreConstants) {
  input({1, 4, 8, 8});
  input({4, 4, 1, 1}, "w");
  weight("w", {4, 4, 1, 1});
  node("Conv", {"x", "w"});
  EXPECT_TRUE(contains(import(), "@main(%arg0: tensor<1x4x8x8xf32> {resnet.name = \"x\"})"));
}

TEST_F(ImportTest, UnusedInitializersAreNotRead) {
  input({1, 4, 8, 8});
  weight("unused", {1 << 20, 1 << 20}, std::vector<float>(1));
  node("Relu", {"x"});
  EXPECT_TRUE(contains(import(), "resnet.relu"));
}

TEST_F(ImportTest, SeveralInputsAndOutputs) {
  input({1, 4, 8, 8});
  input({1, 4, 8, 8}, "x2");
  node("Add", {"x", "x2"}, {"sum"});
  node("Relu", {"sum"});
  output("y");
  output("sum");
  EXPECT_TRUE(contains(import(), "-> (tensor<1x4x8x8xf32> {resnet.name = \"y\"}, tensor<1x4x8x8xf32> {resnet.name = \"sum\"})"));
}

TEST_F(ImportTest, EveryOpsetFrom9To21) {
  for (int64_t version = 9; version <= 21; ++version) {
    model.Clear();
    opset(version);
    input({-1, 4, 8, 8});
    weight("w", {4, 4, 3, 3});
    node("Conv", {"x", "w"}, {"a"});
    node("GlobalAveragePool", {"a"}, {"b"});
    node("Flatten", {"b"});
    EXPECT_TRUE(contains(import(), "resnet.flatten")) << version;
  }
}

} // namespace
