// Builds small ONNX models, imports them, and looks at the IR or the one error that comes out.

#ifndef RESNET_TEST_UNIT_DIALECT_IMPORT_IMPORTTEST_H
#define RESNET_TEST_UNIT_DIALECT_IMPORT_IMPORTTEST_H

#include "dialect/Import/OnnxImport.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

namespace resnet::test {

/// A folder that goes away with the test.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string file(const std::string &name) const { return path + "/" + name; }
  void write(const std::string &name, const std::string &content) const;
  std::string path;
};

/// Adds attributes to a node by chaining.
class NodeBuilder {
public:
  explicit NodeBuilder(onnx::NodeProto *node) : node(node) {}
  NodeBuilder &integer(const std::string &name, int64_t value);
  NodeBuilder &integers(const std::string &name, std::vector<int64_t> values);
  NodeBuilder &real(const std::string &name, float value);
  NodeBuilder &text(const std::string &name, const std::string &value);
  NodeBuilder &tensor(const std::string &name, const onnx::TensorProto &value);
  NodeBuilder &name(const std::string &name);

private:
  onnx::AttributeProto *add(const std::string &name, onnx::AttributeProto::AttributeType type);
  onnx::NodeProto *node;
};

/// A test whose model has the input `x` and the output `y`.
class ImportTest : public testing::Test {
protected:
  ImportTest();

  /// A node named `<operation>_<count>`.
  NodeBuilder node(const std::string &operation, std::vector<std::string> inputs, std::vector<std::string> outputs = {"y"});
  onnx::TensorProto *weight(const std::string &name, std::vector<int64_t> shape, std::vector<float> values);
  /// Every element the same.
  onnx::TensorProto *weight(const std::string &name, std::vector<int64_t> shape, float value = 0.5f);
  onnx::TensorProto *integers(const std::string &name, std::vector<int64_t> values);
  static onnx::TensorProto integerTensor(std::vector<int64_t> values);
  /// -1 is a dynamic dimension.
  void input(std::vector<int64_t> shape, const std::string &name = "x");
  void output(const std::string &name = "y");
  void opset(int64_t version);

  /// Imports the model; the IR without locations, or empty with the diagnostics in `errors`.
  std::string import(const ImportOptions &options = {});
  std::string importFile(const std::string &path, const ImportOptions &options = {});
  /// Elements of the constant whose location has that name.
  std::vector<float> constant(llvm::StringRef name);
  /// Source names of the operations that are no constants, in order, separated by spaces.
  std::string names();

  TemporaryFolder folder;
  onnx::ModelProto model;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<std::string> errors, remarks;
};

/// Part of a text, with both in the message.
testing::AssertionResult contains(llvm::StringRef text, llvm::StringRef part);

} // namespace resnet::test

/// The import fails with one error that contains `part`.
#define EXPECT_IMPORT_ERROR(part)                                                                                                \
  do {                                                                                                                           \
    EXPECT_EQ(import(), "");                                                                                                     \
    ASSERT_EQ(errors.size(), 1u);                                                                                                \
    EXPECT_TRUE(contains(errors[0], part));                                                                                      \
  } while (false)

#endif // RESNET_TEST_UNIT_DIALECT_IMPORT_IMPORTTEST_H
