// Kernels on this machine's devices, through Halide's own runtime. A device's operands lie in one allocation between NaNs, each
// at another place, as a network's do.

#ifndef RESNET_TEST_UNIT_CODEGEN_DEVICERUNNER_H
#define RESNET_TEST_UNIT_CODEGEN_DEVICERUNNER_H

#include "codegen/tuning/KernelLoader.h"
#include <memory>

namespace resnet::test {

class DeviceRunner {
public:
  /// This machine's device, which lives as long as the process; null where it has none.
  static DeviceRunner *of(codegen::Target target);

  const codegen::KernelImports &imports() const { return kernelImports; }

  /// Copies the operands to the device, runs the kernel there and copies its output back. The kernel's status, or -1 where it
  /// changed anything but its output.
  int run(const codegen::NativeKernel &kernel, const std::vector<codegen::KernelOperand> &operands, int batch);

  /// Seconds of each of `launches` launches, in order.
  std::vector<double> time(const codegen::NativeKernel &kernel, const std::vector<codegen::KernelOperand> &operands, int batch,
                           int launches);

private:
  struct Functions;
  struct Launch;
  explicit DeviceRunner(codegen::Target target);

  std::string failure;
  std::unique_ptr<Functions> functions;
  codegen::KernelImports kernelImports;
};

} // namespace resnet::test

#endif // RESNET_TEST_UNIT_CODEGEN_DEVICERUNNER_H
