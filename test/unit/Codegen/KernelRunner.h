// Kernels that tests and benchmarks call one by one. Brings the few functions that kernels need from a runtime, with a pool of
// threads spawned per loop and checks of what kernels allocate.

#ifndef RESNET_TEST_UNIT_CODEGEN_KERNELRUNNER_H
#define RESNET_TEST_UNIT_CODEGEN_KERNELRUNNER_H

#include "codegen/tuning/KernelLoader.h"

namespace resnet::test {

/// Threads that halide_do_par_for uses; 1 runs the tasks in order on the caller.
extern int kernelThreads;
/// Largest sum of bytes that one thread held through halide_malloc since it was set to zero.
extern uint64_t peakScratch;
/// Messages of halide_error and its kin since it was cleared.
extern std::string kernelErrors;

/// True where this processor runs the target's instructions.
bool cpuRuns(codegen::Target target);
/// True where this machine runs the target's kernels, on its processor or a device of its.
bool machineRuns(codegen::Target target);

using Operand = codegen::KernelOperand;

/// A kernel with this file's functions, or a device's. One that the machine has no device for is compiled, not loaded.
class LoadedKernel : public codegen::NativeKernel {
public:
  explicit LoadedKernel(const codegen::KernelSpec &spec);

  /// Operands are in this process's memory, a device's too.
  int run(const std::vector<Operand> &operands, int batch) const;
};

} // namespace resnet::test

#endif // RESNET_TEST_UNIT_CODEGEN_KERNELRUNNER_H
