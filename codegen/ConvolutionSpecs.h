// The convolutions that a model's library would have: what a tuner measures.

#ifndef RESNET_CODEGEN_CONVOLUTIONSPECS_H
#define RESNET_CODEGEN_CONVOLUTIONSPECS_H

#include "codegen/KernelSpec.h"
#include "dialect/IR/ResNetDialect.h"
#include <vector>

namespace resnet::codegen {

/// The distinct convolutions among the kernels of a planned module, without schedules, in the order of the module.
mlir::FailureOr<std::vector<KernelSpec>> convolutionSpecs(mlir::ModuleOp planned, Target target);

/// Runs the pipelines up to the memory plan on a model as it was imported. `shapes`: of inputs, as resnet-specialize-shapes takes
/// them.
mlir::LogicalResult planModel(mlir::ModuleOp module, llvm::ArrayRef<std::string> shapes);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_CONVOLUTIONSPECS_H
