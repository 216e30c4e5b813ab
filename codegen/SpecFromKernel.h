// From an outlined kernel of the dialect to its specification.

#ifndef RESNET_CODEGEN_SPECFROMKERNEL_H
#define RESNET_CODEGEN_SPECFROMKERNEL_H

#include "codegen/KernelSpec.h"
#include "dialect/IR/ResNetDialect.h"

namespace resnet::codegen {

/// The canonical specification of `kernel` for `target`. Fails with a diagnostic at the kernel's operation where no kernel of
/// the project computes it (an operation that a fusion should have absorbed, a slice with a channel stride).
mlir::FailureOr<KernelSpec> specFromKernel(KernelOp kernel, Target target, bool debug);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SPECFROMKERNEL_H
