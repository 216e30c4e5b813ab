// Which operations of the graph level a kernel computes, and what their kernels have in common. Layout assignment, outlining and
// codegen read this one table.

#ifndef RESNET_PASSES_KERNELOPERATIONS_H
#define RESNET_PASSES_KERNELOPERATIONS_H

#include "dialect/IR/ResNetDialect.h"
#include "llvm/ADT/TypeSwitch.h"

namespace resnet {

template <typename... Ops> struct OperationSet {
  static bool contains(mlir::Operation *op) { return mlir::isa<Ops...>(op); }

  /// `visit` of `op` as its own class, `otherwise(op)` where it is none of these.
  template <typename Result, typename Visit, typename Otherwise>
  static Result visit(mlir::Operation *op, Visit visit, Otherwise otherwise) {
    return llvm::TypeSwitch<mlir::Operation *, Result>(op).template Case<Ops...>(visit).Default(otherwise);
  }
};

/// Operations that a kernel computes; their results are of rank 2 or 4.
using KernelOperations =
    OperationSet<FusedConv2dOp, FusedStemOp, FusedElementwiseOp, FusedHeadOp, LinearOp, GroupNormOp, MaxPool2dOp, AvgPool2dOp,
                 GlobalAvgPoolOp, GlobalMaxPoolOp, SoftmaxOp, MulOp, ClipOp, HardSigmoidOp, FakeQuantizeOp, PadOp, SliceOp,
                 SubsampleOp, ExpandOp, ConcatOp, TransposeOp, ConvertLayoutOp>;

/// Those whose result has the elements of their maps one by one, in any layout that all of them share.
using ElementwiseOperations = OperationSet<FusedElementwiseOp, MulOp, ClipOp, HardSigmoidOp, FakeQuantizeOp>;

/// The operands of an operation of ElementwiseOperations that are like its result: not vectors, and no gate.
llvm::SmallVector<mlir::OpOperand *> elementwiseOperands(mlir::Operation *op);

/// An operand that must be a constant, packed as its kernel reads it: a filter or a weight, or a vector of one element a channel.
struct WeightOperand {
  llvm::StringRef name;
  mlir::OpOperand *operand;
};
llvm::SmallVector<WeightOperand> weightOperands(mlir::Operation *op);

} // namespace resnet

#endif // RESNET_PASSES_KERNELOPERATIONS_H
