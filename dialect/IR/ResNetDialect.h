// The resnet dialect: include this for every operation, attribute and type.

#ifndef RESNET_DIALECT_IR_RESNETDIALECT_H
#define RESNET_DIALECT_IR_RESNETDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/IR/ResNetOpsDialect.h.inc"
#include "dialect/IR/ResNetOpsEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/IR/ResNetOpsAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/IR/ResNetOpsTypes.h.inc"
#define GET_OP_CLASSES
#include "dialect/IR/ResNetOps.h.inc"

#endif // RESNET_DIALECT_IR_RESNETDIALECT_H
