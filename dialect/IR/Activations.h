// The activations that fused operations apply, as the operations that they come from.

#ifndef RESNET_DIALECT_IR_ACTIVATIONS_H
#define RESNET_DIALECT_IR_ACTIVATIONS_H

#include "dialect/IR/ResNetDialect.h"

namespace resnet {

/// What `op` computes of every element of its only operand, where a fused operation can: also clip from 0 to 6, and hard_sigmoid
/// with slope 1/6 and offset 1/2. None for any other operation, and for null.
Activation activationOf(mlir::Operation *op);

/// `input` under `activation`, by the operation that activationOf knows; `input` itself for none.
mlir::Value createActivation(mlir::OpBuilder &builder, mlir::Location loc, Activation activation, mlir::Value input);

} // namespace resnet

#endif // RESNET_DIALECT_IR_ACTIVATIONS_H
