// The state of one ONNX import: the values that exist so far, and the module under construction.

#ifndef RESNET_DIALECT_IMPORT_ONNXGRAPH_H
#define RESNET_DIALECT_IMPORT_ONNXGRAPH_H

#include "dialect/Import/HostTensor.h"
#include "dialect/Import/ImportOptions.h"
#include "dialect/Import/OnnxTensors.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include <variant>

namespace resnet {

class OnnxGraph {
public:
  /// How QuantizeLinear stored an activation; DequantizeLinear must read it so.
  struct Quantization {
    float scale;
    int64_t zeroPoint;
    HostTensor::Kind kind;
    bool operator==(const Quantization &) const = default;
  };

  /// An activation and its shape at this point of the graph. The shape is another one than the value's between a reshape and
  /// what makes a value of that shape necessary, for the dialect has ranks 2 and 4 alone; the elements and their order are the
  /// same. `quantized` is there between QuantizeLinear and DequantizeLinear.
  struct Activation {
    mlir::Value value;
    llvm::SmallVector<int64_t> shape;
    std::optional<Quantization> quantized = std::nullopt;
  };
  using Imported = std::variant<Activation, HostTensor>;

  OnnxGraph(onnx::ModelProto &model, llvm::StringRef path, const ImportOptions &options, mlir::MLIRContext *context);

  /// Imports the whole graph; null after an error.
  mlir::OwningOpRef<mlir::ModuleOp> import();
  /// The outputs of a graph without inputs.
  mlir::FailureOr<std::vector<HostTensor>> fold();

  /// Reports at the file.
  mlir::InFlightDiagnostic error();
  /// The value of this name; an initialiser is read on its first use.
  llvm::Expected<Imported *> lookup(llvm::StringRef name);
  /// Gives a new name its value; reports one that exists.
  mlir::LogicalResult define(llvm::StringRef name, Imported value);
  bool isDefined(llvm::StringRef name) const { return values.contains(name); }
  /// A tensor inside the model.
  llvm::Expected<HostTensor> read(onnx::TensorProto &tensor) { return takeTensor(tensor, external); }
  /// The constant as an operation; a shared one is made once for each name.
  mlir::Value materialize(const HostTensor &tensor, llvm::StringRef name, bool shared);

  mlir::OpBuilder builder;
  int64_t opset = 0;
  llvm::StringMap<unsigned> uses;
  /// Elements that folding may still compute. Hostile graphs would otherwise grow a few bytes into all memory.
  int64_t budget = int64_t(64) << 20;
  /// Activations whose quantisation is kept as rounding of f32.
  int64_t numFakeQuantized = 0;

private:
  mlir::LogicalResult findOpset();
  mlir::LogicalResult collectInitializers();
  mlir::LogicalResult importInputs();
  mlir::LogicalResult importNodes();
  mlir::LogicalResult importOutputs();
  void removeDead();
  mlir::FailureOr<llvm::SmallVector<int64_t>> inputShape(const onnx::ValueInfoProto &input, bool onlyInput);
  bool isChannelsLast(llvm::StringRef input) const;

  onnx::ModelProto &model;
  onnx::GraphProto &graph;
  llvm::StringRef path;
  const ImportOptions &options;
  ExternalData external;
  llvm::StringMap<Imported> values;
  llvm::StringMap<onnx::TensorProto *> initializers; // not read yet
  llvm::StringMap<mlir::Value> constants;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
};

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ONNXGRAPH_H
