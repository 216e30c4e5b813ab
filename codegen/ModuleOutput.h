// Writes modules for people and for tools.

#ifndef RESNET_CODEGEN_MODULEOUTPUT_H
#define RESNET_CODEGEN_MODULEOUTPUT_H

#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace resnet::codegen {

/// Writes `module` to `path`: bytecode where it ends in .mlirbc, else text with `header` above it. On standard output ("-") and
/// with `elide`, large weights are elided and the text is for reading only. Written to a temporary and renamed.
mlir::LogicalResult writeModule(mlir::ModuleOp module, llvm::StringRef path, llvm::StringRef header, bool elide = false);

/// Writes text in the same way; errors name `path` and are reported at `module`.
mlir::LogicalResult writeText(mlir::ModuleOp module, llvm::StringRef path, llvm::StringRef text);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_MODULEOUTPUT_H
