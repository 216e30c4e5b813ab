// Compiles a specification, links the object into a shared library, loads it and calls it: for tests and benchmarks of single
// kernels. Brings the few functions that kernels need from a runtime, with a pool of threads spawned per loop.

#ifndef RESNET_TEST_UNIT_CODEGEN_KERNELRUNNER_H
#define RESNET_TEST_UNIT_CODEGEN_KERNELRUNNER_H

#include "codegen/KernelSpec.h"
#include <HalideRuntime.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace resnet::test {

/// Threads that halide_do_par_for uses; 1 runs the tasks in order on the caller.
extern int kernelThreads;
/// Largest sum of bytes that one thread held through halide_malloc since it was set to zero.
extern uint64_t peakScratch;
/// Messages of halide_error and its kin since it was cleared.
extern std::string kernelErrors;

/// True where this processor runs the target's instructions.
bool cpuRuns(codegen::Target target);

/// One operand of a launch: a buffer laid out as KernelArgument says. A zero imageStride means the argument's own.
struct Operand {
  float *buffer = nullptr; // the buffer's start, before KernelArgument::hostOffset
  int64_t imageStride = 0; // in elements
};

/// A kernel loaded into this process.
class LoadedKernel {
public:
  /// `spec` need not be canonical. On failure error() says why and run() must not be called.
  explicit LoadedKernel(const codegen::KernelSpec &spec);
  ~LoadedKernel();
  LoadedKernel(const LoadedKernel &) = delete;
  LoadedKernel &operator=(const LoadedKernel &) = delete;

  const std::string &error() const { return failure; }
  const codegen::KernelSpec &spec() const { return canonical; }
  const std::vector<codegen::KernelArgument> &args() const { return arguments; }
  uint64_t scratchBytes() const { return scratch; }
  double compileSeconds() const { return seconds; }

  /// One operand per argument, in order. Returns the kernel's status.
  int run(const std::vector<Operand> &operands, int batch) const;

private:
  codegen::KernelSpec canonical;
  std::vector<codegen::KernelArgument> arguments;
  std::string failure;
  uint64_t scratch = 0;
  double seconds = 0;
  void *library = nullptr;
  void *function = nullptr;
};

} // namespace resnet::test

#endif // RESNET_TEST_UNIT_CODEGEN_KERNELRUNNER_H
