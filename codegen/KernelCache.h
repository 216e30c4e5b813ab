// A directory of compiled kernels, addressed by the content of what was compiled and of the compiler itself.

#ifndef RESNET_CODEGEN_KERNELCACHE_H
#define RESNET_CODEGEN_KERNELCACHE_H

#include "codegen/halide/KernelCompiler.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace resnet::codegen {

/// Several processes and threads may use one directory at once: entries are written by rename and checked by a hash when read.
/// A cache that cannot be read or written costs time, never correctness: it then behaves as an empty one.
class KernelCache {
public:
  /// `directory` empty: no cache. See defaultDirectory().
  explicit KernelCache(std::string directory, uint64_t maxBytes = 512ull << 20);

  /// $RESNET_CACHE_DIR, else the user's cache directory with "resnet" appended; empty where there is none.
  static std::string defaultDirectory();

  /// The kernel for `spec` under `symbol`, if it is there and intact. Marks it as recently used.
  std::optional<CompiledKernel> load(const KernelSpec &spec, llvm::StringRef symbol) const;
  void store(const KernelSpec &spec, llvm::StringRef symbol, const CompiledKernel &kernel) const;

  /// Removes the least recently used entries until the directory is within its bound.
  void prune() const;

private:
  std::string path(const KernelSpec &spec, llvm::StringRef symbol) const;

  std::string directory;
  uint64_t maxBytes;
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_KERNELCACHE_H
