// Halide's runtime of a device, as an object to link beside the device's kernels. Throws nothing.

#ifndef RESNET_CODEGEN_HALIDE_DEVICERUNTIME_H
#define RESNET_CODEGEN_HALIDE_DEVICERUNTIME_H

#include "codegen/halide/KernelCompiler.h"

namespace resnet::codegen {

/// An ELF object with halide_opencl_* or halide_cuda_* and what they are made of. Everything in it is weak and in a section of
/// its own: definitions of the library's win, and a linker that collects sections drops what nothing calls, Halide's thread pool
/// among it. It opens the driver's library itself, when first used. An error for a target that is no device. Safe from several
/// threads at once; the bytes depend on the target only.
CompiledKernel compileDeviceRuntime(Target target);

/// What Halide's target strings say of a device.
std::string deviceFeatures(Target target);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_DEVICERUNTIME_H
