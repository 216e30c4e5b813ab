// The reference interpreter: executes a model at any level of the dialect, from an import to launches on a planned arena.
// It is the oracle of every test: plain loops, sums in f64, results stored as f32 after each operation.

#ifndef RESNET_DIALECT_INTERPRETER_INTERPRETER_H
#define RESNET_DIALECT_INTERPRETER_INTERPRETER_H

#include "dialect/IR/ResNetDialect.h"
#include "dialect/Interpreter/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace resnet {

/// The model's function in a module: `@main`. Reports where there is none.
mlir::FailureOr<mlir::FunctionOpInterface> findModel(mlir::ModuleOp module);

/// Executes a function on `inputs` and returns its results. On the planned level, (inputs: buffers..., outputs: buffers...,
/// arena, weights), an output is an argument that the function writes, and memory is simulated: an arena of NaN, in which a
/// buffer lies as its layout says. So buffers that overlap and halos that nobody zeroed change the result. Weights are the
/// module's `resnet.global`s. Problems are reported at the operation.
mlir::FailureOr<llvm::SmallVector<Tensor>> interpret(mlir::FunctionOpInterface function, llvm::ArrayRef<Tensor> inputs);

/// Executes `@main`.
mlir::FailureOr<llvm::SmallVector<Tensor>> interpret(mlir::ModuleOp module, llvm::ArrayRef<Tensor> inputs);

/// Executes one operation of the graph level without regions, on operands in its order. A dynamic batch is the first operand's.
mlir::FailureOr<Tensor> evaluate(mlir::Operation *op, llvm::ArrayRef<TensorView> operands);

/// Seeded inputs for a function at any level; a dynamic batch becomes `batch`. Reports inputs that are too large.
mlir::FailureOr<llvm::SmallVector<Tensor>> randomInputs(mlir::FunctionOpInterface function, int64_t batch, uint64_t seed);

/// Whether a function consists of operations that `interpret` executes; false after it has been lowered further.
bool isInterpretable(mlir::FunctionOpInterface function);

} // namespace resnet

#endif // RESNET_DIALECT_INTERPRETER_INTERPRETER_H
