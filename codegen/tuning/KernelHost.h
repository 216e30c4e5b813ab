// Runs loaded kernels in the runtime that libraries carry: its threads, its scratch memory, its errors.

#ifndef RESNET_CODEGEN_TUNING_KERNELHOST_H
#define RESNET_CODEGEN_TUNING_KERNELHOST_H

#include "codegen/tuning/KernelLoader.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace resnet::codegen {

struct LaunchTime {
  double seconds = 0;
  bool disturbed = false; // the system gave the calling thread's core to another one meanwhile
};

/// A context of the runtime with one program: the kernel that run() is given.
class KernelHost {
public:
  /// `scratchBytes`: the largest that a kernel asks for.
  static llvm::Expected<std::unique_ptr<KernelHost>> create(int threads, uint64_t scratchBytes);
  ~KernelHost();

  /// The runtime's functions, for kernels that this class runs.
  static KernelImports imports();

  llvm::Expected<LaunchTime> run(const NativeKernel &kernel, const std::vector<KernelOperand> &operands, int batch);

private:
  struct Runtime;
  explicit KernelHost(std::unique_ptr<Runtime> runtime);
  std::unique_ptr<Runtime> runtime;
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_TUNING_KERNELHOST_H
