// Names of targets, what they need of a CPU, and the host's.

#ifndef RESNET_CODEGEN_TARGETS_H
#define RESNET_CODEGEN_TARGETS_H

#include "codegen/KernelSpec.h"
#include "llvm/Support/Error.h"

namespace resnet::codegen {

/// Parses "x86-64", "x86-64-v3", "x86-64-v4", "opencl", "cuda" or "host" (see hostTarget). Other names are errors that list
/// these.
llvm::Expected<Target> parseTarget(llvm::StringRef name);

/// Parses a comma-separated list, drops repetitions and orders it: CPUs from the most to the least demanding, of which a library
/// takes the first that its CPU supports, and then devices.
llvm::Expected<std::vector<Target>> parseTargets(llvm::StringRef list);

/// The widest target that this machine's CPU and operating system support. An error on another architecture.
llvm::Expected<Target> hostTarget();

/// LLVM's -mcpu for the target, or for the code that launches a device's kernels; the psABI levels' names are LLVM's too.
llvm::StringRef llvmCpu(Target target);

/// RESNET_CPU_* of runtime/Program.h.
int cpuLevel(Target target);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_TARGETS_H
