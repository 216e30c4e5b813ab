// What the translation of one ONNX node sees: its attributes, its operands as activations or constants, and the builder.
//
// The first error of a node is reported, later ones are dropped: a translation reads what it needs, then asks `failed()` once
// before it builds. Attributes that nobody has read are errors too, so that none is silently ignored.

#ifndef RESNET_DIALECT_IMPORT_ONNXNODE_H
#define RESNET_DIALECT_IMPORT_ONNXNODE_H

#include "dialect/IR/ResNetDialect.h"
#include "dialect/Import/HostTensor.h"
#include "dialect/Import/OnnxGraph.h"
#include "dialect/Import/OnnxOperators.h"
#include "llvm/ADT/StringSet.h"

namespace resnet {

using OnnxActivation = OnnxGraph::Activation;

class OnnxNode {
public:
  OnnxNode(OnnxGraph &graph, onnx::NodeProto &node);

  //===------------------------------------------------------------------===//
  // Errors
  //===------------------------------------------------------------------===//

  /// Reports `message` at this node, unless it has failed already.
  void error(const llvm::Twine &message);
  bool failed() const { return hasFailed; }

  /// The last check: every attribute was read.
  mlir::LogicalResult finish();

  //===------------------------------------------------------------------===//
  // Attributes
  //===------------------------------------------------------------------===//

  bool has(llvm::StringRef name) const { return find(name) != nullptr; }
  int64_t integer(llvm::StringRef name, int64_t standard);
  float real(llvm::StringRef name, float standard);
  llvm::StringRef text(llvm::StringRef name, llvm::StringRef standard);
  llvm::SmallVector<int64_t> integers(llvm::StringRef name, llvm::ArrayRef<int64_t> standard = {});
  llvm::SmallVector<float> reals(llvm::StringRef name);
  HostTensor tensor(llvm::StringRef name);
  /// Attributes that mean nothing at inference.
  void ignore(std::initializer_list<llvm::StringRef> names);

  //===------------------------------------------------------------------===//
  // Operands
  //===------------------------------------------------------------------===//

  int64_t opset() const { return graph.opset; }
  llvm::StringRef operation() const { return node.op_type(); }
  size_t numInputs() const { return node.input_size(); }
  size_t numOutputs() const { return node.output_size(); }
  /// The operand is there; optional ones may have an empty name.
  bool hasInput(size_t i) const { return i < numInputs() && !node.input(i).empty(); }
  bool hasOutput(size_t i) const { return i < numOutputs() && !node.output(i).empty(); }
  /// Reports a node with another number of operands.
  void expectInputs(size_t least, size_t most);
  llvm::StringRef inputName(size_t i) const { return i < numInputs() ? llvm::StringRef(node.input(i)) : llvm::StringRef(); }

  bool isConstant(size_t i);
  /// True where every operand that is there is constant.
  bool allConstant();
  /// An operand known now.
  HostTensor constant(size_t i);
  /// A constant list of integers, or a scalar as a list of one; all of them known.
  llvm::SmallVector<int64_t> integerInput(size_t i);
  /// An activation with the logical shape that it has at this point; see OnnxActivation. One that is quantized is an
  /// error, unless it is `carried` on as it is.
  OnnxActivation activation(size_t i, bool carried = false);
  /// The logical shape of an operand of either kind.
  llvm::SmallVector<int64_t> shape(size_t i);
  /// An activation of rank 2 or 4 as a tensor of the IR; `rank` 0 accepts both.
  mlir::Value value(size_t i, int64_t rank = 0);
  /// An activation of rank 2 to 4 as a map; see mapShape.
  mlir::Value map(size_t i);
  /// The activation as a tensor of the IR, of rank 2 or 4 and with the same batch.
  mlir::Value reshaped(const OnnxActivation &activation, llvm::ArrayRef<int64_t> shape);
  /// A tensor of the IR whose images and channels are the activation's, of rank 2 to 4, whatever follows them: its value as it
  /// is where it has them, so that a pending shape need not become one.
  mlir::Value withChannels(const OnnxActivation &activation);
  /// A constant of that rank as an operand of an operation, made once for each ONNX value.
  mlir::Value weight(size_t i, int64_t rank);
  /// A constant as an operand, named after the ONNX value `name`; `shared` where it is that value, not computed from it.
  mlir::Value weight(const HostTensor &tensor, llvm::StringRef name, bool shared);

  //===------------------------------------------------------------------===//
  // Results
  //===------------------------------------------------------------------===//

  /// Builds an operation with inferred result type, verifies it, and reports both as errors of this node. Null on failure.
  template <typename OpTy, typename... Args> mlir::Value create(Args &&...args) {
    if (hasFailed)
      return {};
    mlir::OperationState state(location, OpTy::getOperationName());
    OpTy::build(graph.builder, state, mlir::Type(), std::forward<Args>(args)...);
    return finishOperation(state);
  }

  void result(mlir::Value value);
  void result(OnnxActivation activation) { resultAt(0, std::move(activation)); }
  void result(HostTensor tensor) { resultAt(0, std::move(tensor)); }
  /// A map as a result of that rank: what map() inserted is removed.
  void resultOfMap(mlir::Value value, size_t rank, size_t at = 0);
  void resultAt(size_t i, OnnxGraph::Imported value);

  /// Takes memory for `elements` folded ones out of what this import may use; reports where there is no more.
  bool reserve(int64_t elements);

  OnnxGraph &graph;
  mlir::Location location;

private:
  const onnx::AttributeProto *find(llvm::StringRef name) const;
  const onnx::AttributeProto *take(llvm::StringRef name, onnx::AttributeProto::AttributeType type, llvm::StringRef typeName);
  mlir::Value finishOperation(mlir::OperationState &state);
  OnnxGraph::Imported *lookup(size_t i);

  onnx::NodeProto &node;
  llvm::StringSet<> read;
  bool hasFailed = false;
};

/// The translation of one kind of operator: of operands that are activations, of constants, or of both.
struct OnnxTranslation {
  void (*translate)(OnnxNode &) = nullptr;
  OnnxOperands operands = OnnxOperands::Activations;
};
/// Translations by the operator's name, and what adds the folders' part of them.
using OnnxTranslations = llvm::StringMap<OnnxTranslation>;
void addActivationTranslations(OnnxTranslations &table);
void addArithmeticTranslations(OnnxTranslations &table);
void addBroadcastTranslations(OnnxTranslations &table);
void addConstantTranslations(OnnxTranslations &table);
void addConvolutionTranslations(OnnxTranslations &table);
void addHeadTranslations(OnnxTranslations &table);
void addMoveTranslations(OnnxTranslations &table);
void addNormalizationTranslations(OnnxTranslations &table);
void addPadTranslations(OnnxTranslations &table);
void addPoolTranslations(OnnxTranslations &table);
void addQuantizationTranslations(OnnxTranslations &table);
void addReshapeTranslations(OnnxTranslations &table);
/// All of them.
const OnnxTranslations &onnxTranslations();

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// The shape of a map [N, C, H, W] that holds an activation of rank 2 to 4: [N, C, L] is [N, C, 1, L], [N, F] is [N, F, 1, 1].
llvm::SmallVector<int64_t> mapShape(llvm::ArrayRef<int64_t> shape);
/// The axis of the map that holds `axis` of an activation of rank `rank`.
int64_t mapAxis(size_t rank, int64_t axis);

/// The activation with another shape of the same elements as the node's result. [N, F] is a flatten; what undoes an earlier
/// reshape is that one's input; other shapes stay pending until an operator needs a value of them.
void reshapeActivation(OnnxNode &node, const OnnxActivation &input, llvm::ArrayRef<int64_t> shape, size_t at = 0);

/// `axis` counted from the front; reports one outside of `rank` at the node.
int64_t normalizeAxis(OnnxNode &node, int64_t axis, int64_t rank);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ONNXNODE_H
