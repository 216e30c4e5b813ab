// Schedules of kernels on devices. A thread of an OpenCL kernel computes all lanes of a block of channels as one vector, which is
// what reaches the vector units of processors (PoCL); threads of a CUDA kernel are the lanes, so that neighbours access
// neighbouring elements.

#ifndef RESNET_CODEGEN_HALIDE_DEVICESCHEDULES_H
#define RESNET_CODEGEN_HALIDE_DEVICESCHEDULES_H

#include "codegen/halide/Kernel.h"

namespace resnet::codegen {

/// Lanes of a block of the output that one thread computes as a vector; 1 where lanes are threads, where OpenCL has no such
/// vector, and where the lanes of an operand do not lie together as the output's do: Halide's OpenCL has no shuffles.
int deviceLanes(const Kernel &kernel);

/// One loop over a part of a block's lanes and, outside of it, one over parts and blocks.
struct DeviceChannels {
  Halide::Var lane, block;
  int threads; // lanes that are threads: 1 where they are a vector
};

/// Splits the channels (c, k) of `f`, in blocks of `block`; a vector of lanes is vectorised.
DeviceChannels splitDeviceChannels(const Kernel &kernel, Halide::Func f, const Vars &v, int64_t block);

/// A thread an element, or a vector of them, of an output over v. Returns the innermost loop of threads: what an element is made
/// of is computed there.
Halide::Var scheduleDeviceElements(const Kernel &kernel, Halide::Func out, const Vars &v);

// The families that need algorithms of their own: sums are cut into parts for threads to share.
Halide::Pipeline buildDeviceConv2d(const Kernel &kernel);
Halide::Pipeline buildDeviceStem(const Kernel &kernel);
Halide::Pipeline buildDeviceGlobalPool(const Kernel &kernel);
Halide::Pipeline buildDeviceGroupNorm(const Kernel &kernel);
Halide::Pipeline buildDeviceLinear(const Kernel &kernel); // Head too
Halide::Pipeline buildDeviceSoftmax(const Kernel &kernel);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_DEVICESCHEDULES_H
