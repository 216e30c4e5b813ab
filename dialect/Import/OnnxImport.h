// ONNX models as modules of the resnet dialect.

#ifndef RESNET_DIALECT_IMPORT_ONNXIMPORT_H
#define RESNET_DIALECT_IMPORT_ONNXIMPORT_H

#include "dialect/Import/HostTensor.h"
#include "dialect/Import/ImportOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace resnet {

/// Imports the ONNX file `path`, opsets 6 to 21. One operation a node, named after it by its location; shape arithmetic and
/// computed weights are folded; weights become resources. Nothing is normalised: that is a pass. The model is `@main`.
///
/// On failure returns null after exactly one error through the context's diagnostics, located at the file and naming the
/// node: hostile files included, whose sizes are checked before anything is allocated for them. External data is read from
/// the model's folder only. Loads the dialects that it needs.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path, const ImportOptions &options, mlir::MLIRContext *context);

/// The outputs of a model without inputs, which are constants. Reports errors as importOnnx does.
mlir::FailureOr<std::vector<HostTensor>> foldOnnx(llvm::StringRef path, mlir::MLIRContext *context);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ONNXIMPORT_H
