// Compiles a set of kernels in parallel, through the cache.

#ifndef RESNET_CODEGEN_KERNELBUILD_H
#define RESNET_CODEGEN_KERNELBUILD_H

#include "codegen/KernelCache.h"
#include "dialect/Support/TemporaryDirectory.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <vector>

namespace resnet::codegen {

/// Called after each kernel with how many are done, of how many; from any thread, one call at a time.
using KernelProgress = std::function<void(size_t done, size_t total)>;

/// A file with the object of each of `specs` (canonical, distinct), in their order, in `directory`; kernels that the cache has
/// are not compiled. `jobs` threads, 0 for one a core. Scratch bytes go to `scratchBytes`. The files' bytes do not depend on
/// jobs.
llvm::Expected<std::vector<std::string>> buildKernels(llvm::ArrayRef<KernelSpec> specs, const KernelCache &cache, unsigned jobs,
                                                      const TemporaryDirectory &directory, std::vector<uint64_t> &scratchBytes,
                                                      const KernelProgress &progress);

/// The kernels' assembly or Halide statements as one text with a heading each.
llvm::Expected<std::string> printKernels(llvm::ArrayRef<KernelSpec> specs, KernelOutput output, unsigned jobs);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_KERNELBUILD_H
