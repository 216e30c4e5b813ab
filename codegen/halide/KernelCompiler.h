// Compiles one kernel specification with Halide. This header is all that the rest of the project sees of Halide: it includes
// neither Halide.h nor LLVM, and its functions throw nothing.

#ifndef RESNET_CODEGEN_HALIDE_KERNELCOMPILER_H
#define RESNET_CODEGEN_HALIDE_KERNELCOMPILER_H

#include "codegen/KernelSpec.h"
#include <cstdint>
#include <string>

namespace resnet::codegen {

/// What a compilation leaves behind, as bytes or text.
enum class KernelOutput { Object, Assembly, Stmt };

struct CompiledKernel {
  /// Empty on success; otherwise one line that says what failed.
  std::string error;
  /// ELF object, assembly text or Halide's lowered statement, as asked for.
  std::string contents;
  /// Upper bound of the bytes that one worker has allocated through halide_malloc at any time in this kernel.
  uint64_t scratchBytes = 0;
};

/// Compiles `spec`, which must be canonical, to a function
///   int SYMBOL(void *user_context, halide_buffer_t *argument...)       arguments as codegen::arguments(spec) lists them
/// that needs only halide_do_par_for, halide_malloc, halide_free, memset, memcpy and libm from outside (debug variant:
/// halide_error functions too). The bytes depend on the arguments only. Safe from several threads at once.
CompiledKernel compileKernel(const KernelSpec &spec, const std::string &symbol, KernelOutput output = KernelOutput::Object);

/// Text that changes whenever the code that generates kernels may give another result (part of cache keys).
std::string kernelCompilerVersion();

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_KERNELCOMPILER_H
