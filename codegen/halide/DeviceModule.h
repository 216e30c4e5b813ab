// What Halide makes of a pipeline on a device, reduced to the launch of one kernel.

#ifndef RESNET_CODEGEN_HALIDE_DEVICEMODULE_H
#define RESNET_CODEGEN_HALIDE_DEVICEMODULE_H

#include <Halide.h>
#include <string>

namespace resnet::codegen {

/// The module without what the caller takes care of: its buffers are in the device's memory already, and laid out as declared.
/// What remains returns the status of the device's functions, which Halide would drop with its other assertions. The device's
/// kernel gets the name `symbol`, for profilers, instead of one that is new to this process. Throws where the pipeline does
/// anything on the host, or launches another number of kernels than one.
Halide::Module launchOnly(const Halide::Module &module, const std::string &symbol);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_DEVICEMODULE_H
