// Readable names for kernels: "conv2d_3x3_64x64_56x56_add_relu".

#ifndef RESNET_PASSES_KERNELNAMES_H
#define RESNET_PASSES_KERNELNAMES_H

#include "dialect/IR/Layouts.h"

namespace resnet {

/// What a kernel for `op` is called: a C identifier made of the kind, the window, channels in and out, the map and the epilogue.
/// Different kernels may get the same name.
std::string kernelName(mlir::Operation *op);

} // namespace resnet

#endif // RESNET_PASSES_KERNELNAMES_H
