// Compiled kernels as functions of this process, without a file or a linker: for the tuner, benchmarks and tests.

#ifndef RESNET_CODEGEN_TUNING_KERNELLOADER_H
#define RESNET_CODEGEN_TUNING_KERNELLOADER_H

#include "codegen/KernelSpec.h"
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct halide_buffer_t;

namespace resnet::codegen {

/// What a kernel calls besides the C library: halide_do_par_for, halide_malloc, halide_free and, in the debug variant,
/// halide_error's kin.
using KernelImports = std::vector<std::pair<std::string, void *>>;

/// One operand of a launch: a buffer laid out as KernelArgument says. A zero imageStride means the argument's own.
struct KernelOperand {
  float *buffer = nullptr; // the buffer's start, before KernelArgument::hostOffset
  int64_t imageStride = 0; // in elements
};

/// A kernel in memory. On failure error() says why and run() must not be called.
class NativeKernel {
public:
  /// Compiles `spec`, which need not be canonical, and loads it.
  NativeKernel(const KernelSpec &spec, const KernelImports &imports);
  ~NativeKernel();
  NativeKernel(const NativeKernel &) = delete;
  NativeKernel &operator=(const NativeKernel &) = delete;

  const std::string &error() const { return failure; }
  const KernelSpec &spec() const { return canonical; }
  const std::vector<KernelArgument> &args() const { return arguments; }
  uint64_t scratchBytes() const { return scratch; }
  double compileSeconds() const { return seconds; }
  /// The ELF object, as it would go into a library.
  const std::string &object() const { return contents; }

  /// One operand per argument, in order. Returns the kernel's status. From several threads at once, if `user` allows it.
  int run(void *user, const std::vector<KernelOperand> &operands, int batch) const;
  /// The same with buffers of the caller's, one per argument.
  int run(void *user, halide_buffer_t *buffers) const;

private:
  struct Code; // keeps LLVM out of this header
  KernelSpec canonical;
  std::vector<KernelArgument> arguments;
  std::string failure, contents;
  uint64_t scratch = 0;
  double seconds = 0;
  std::unique_ptr<Code> code;
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_TUNING_KERNELLOADER_H
