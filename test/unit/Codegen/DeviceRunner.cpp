// Links Halide's runtime to a library, for it has initialisers, and loads that; finds the driver.

#include "DeviceRunner.h"
#include "KernelRunner.h"
#include "codegen/halide/DeviceRuntime.h"
#include <HalideRuntime.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <limits>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

struct DeviceRunner::Functions {
  int (*copyToDevice)(void *, halide_buffer_t *, const halide_device_interface_t *);
  int (*copyToHost)(void *, halide_buffer_t *);
  int (*sync)(void *, halide_buffer_t *);
  int (*release)(void *, halide_buffer_t *);
  const halide_device_interface_t *interface;
};

//===-- The driver --------------------------------------------------------===//

// PoCL brings an LLVM of its own, whose inline templates must not be bound to those of the LLVM beside Halide. The loader of
// OpenCL's drivers finds the driver loaded already.
static void loadOpenClDrivers() {
  const std::filesystem::path vendors = "/etc/OpenCL/vendors";
  std::error_code error;
  for (const auto &entry : std::filesystem::directory_iterator(vendors, error)) {
    std::string library;
    std::ifstream(entry.path()) >> library;
    dlopen(library.c_str(), RTLD_NOW | RTLD_DEEPBIND);
  }
}

// The library stays loaded, and Halide's runtime finds its functions in the process.
template <typename Function> static Function driverFunction(const char *library, const char *name) {
  void *driver = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
  return driver ? reinterpret_cast<Function>(dlsym(driver, name)) : nullptr;
}

static bool hasDevice(codegen::Target target) {
  if (target == codegen::Target::OpenCL) {
    loadOpenClDrivers();
    const auto platforms = driverFunction<int (*)(unsigned, void *, unsigned *)>("libOpenCL.so.1", "clGetPlatformIDs");
    unsigned count = 0;
    return platforms && platforms(0, nullptr, &count) == 0 && count > 0;
  }
  const auto init = driverFunction<int (*)(unsigned)>("libcuda.so.1", "cuInit");
  const auto devices = driverFunction<int (*)(int *)>("libcuda.so.1", "cuDeviceGetCount");
  int count = 0;
  return init && devices && init(0) == 0 && devices(&count) == 0 && count > 0;
}

// The library's file is gone when it is loaded.
static void *loadRuntime(codegen::Target target, std::string &failure) {
  const CompiledKernel compiled = compileDeviceRuntime(target);
  std::string directory = std::filesystem::temp_directory_path() / "resnet-device-XXXXXX";
  if (!compiled.error.empty() || !mkdtemp(directory.data())) {
    failure = compiled.error.empty() ? "no directory for a library" : compiled.error;
    return nullptr;
  }
  const std::string object = directory + "/runtime.o", library = directory + "/runtime.so";
  std::ofstream(object, std::ios::binary) << compiled.contents;
  const std::string link = std::string(RESNET_LLVM_TOOLS "/ld.lld -shared -o ") + library + " " + object;
  void *runtime = std::system(link.c_str()) == 0 ? dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (!runtime)
    failure = "cannot load the runtime";
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  return runtime;
}

static void recordError(void *, const char *message) { kernelErrors += message; }

DeviceRunner::DeviceRunner(codegen::Target target) : functions(std::make_unique<Functions>()) {
  void *runtime = loadRuntime(target, failure);
  if (!runtime)
    return;
  const std::string prefix = target == codegen::Target::OpenCL ? "halide_opencl_" : "halide_cuda_";
  const auto resolve = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(runtime, name));
    if (!function)
      failure = std::string("no ") + name;
  };
  resolve(functions->copyToDevice, "halide_copy_to_device");
  resolve(functions->copyToHost, "halide_copy_to_host");
  resolve(functions->sync, "halide_device_sync");
  resolve(functions->release, "halide_device_free");
  const halide_device_interface_t *(*interface)();
  resolve(interface, (prefix + "device_interface").c_str());
  halide_error_handler_t (*setHandler)(halide_error_handler_t);
  resolve(setHandler, "halide_set_error_handler");
  for (const char *name : {"initialize_kernels", "run", "finalize_kernels"})
    kernelImports.emplace_back(prefix + name, dlsym(runtime, (prefix + name).c_str()));
  if (!failure.empty())
    return;
  setHandler(recordError);
  functions->interface = interface();
}

DeviceRunner *DeviceRunner::of(codegen::Target target) {
  const auto create = [](codegen::Target t) {
    DeviceRunner *runner = hasDevice(t) ? new DeviceRunner(t) : nullptr; // never destroyed: drivers have handlers at exit
    if (runner && !runner->failure.empty())
      std::fprintf(stderr, "%s: %s\n", toString(t), runner->failure.c_str());
    return runner && runner->failure.empty() ? runner : nullptr;
  };
  static DeviceRunner *const openCl = create(codegen::Target::OpenCL), *const cuda = create(codegen::Target::Cuda);
  return target == codegen::Target::OpenCL ? openCl : cuda;
}

//===-- Launches ----------------------------------------------------------===//

static int64_t imageStride(const KernelArgument &a, const KernelOperand &operand) {
  return a.batchDim < 0 ? 0 : operand.imageStride ? operand.imageStride : a.dims[a.batchDim].stride;
}

// From the buffer's start to the last element behind it.
static int64_t elements(const KernelArgument &a, const KernelOperand &operand, int batch) {
  if (a.batchDim >= 0)
    return (batch - 1) * imageStride(a, operand) + a.dims[a.batchDim].stride;
  int64_t count = 1;
  for (const KernelArgument::Dim &d : a.dims)
    count += int64_t(d.extent - 1) * d.stride;
  return count;
}

/// Operands in an allocation.
struct DeviceRunner::Launch {
  static constexpr int64_t kFront = 48, kBetween = 16 * 7; // elements
  static constexpr size_t kMost = 8;

  const std::vector<KernelArgument> &args;
  const std::vector<KernelOperand> &operands;
  std::vector<int64_t> offsets, counts;
  std::vector<float> contents;
  halide_buffer_t allocation = {};
  halide_dimension_t whole, dims[kMost][6] = {};
  halide_buffer_t buffers[kMost] = {};

  Launch(const NativeKernel &kernel, const std::vector<KernelOperand> &operands, int batch)
      : args(kernel.args()), operands(operands) {
    int64_t end = kFront;
    for (size_t i = 0; i < args.size(); ++i) {
      offsets.push_back(end);
      counts.push_back(elements(args[i], operands[i], batch));
      for (size_t j = 0; j < i; ++j)
        if (operands[j].buffer == operands[i].buffer) // in place
          offsets[i] = offsets[j];
      if (offsets[i] == end)
        end = ceilDiv(end + counts[i], 16) * 16 + kBetween;
    }
    contents.assign(end, std::numeric_limits<float>::quiet_NaN());
    for (size_t i = 0; i < args.size(); ++i)
      std::memcpy(contents.data() + offsets[i], operands[i].buffer, counts[i] * 4);
    whole = halide_dimension_t(0, static_cast<int32_t>(end), 1);
    allocation.host = reinterpret_cast<uint8_t *>(contents.data());
    allocation.type = halide_type_t(halide_type_float, 32);
    allocation.dimensions = 1;
    allocation.dim = &whole;
    allocation.set_host_dirty(true);
  }

  void describe(int batch) {
    for (size_t i = 0; i < args.size(); ++i) {
      const KernelArgument &a = args[i];
      halide_buffer_t &b = buffers[i];
      b.device = allocation.device;
      b.device_interface = allocation.device_interface;
      b.type = allocation.type;
      b.dimensions = static_cast<int>(a.dims.size());
      b.dim = dims[i];
      for (int d = 0; d < b.dimensions; ++d)
        dims[i][d] = halide_dimension_t(a.dims[d].min, a.dims[d].extent, a.dims[d].stride);
      dims[i][0].min -= static_cast<int32_t>(offsets[i] + a.hostOffset / 4);
      if (a.batchDim >= 0) {
        dims[i][a.batchDim].extent = batch;
        dims[i][a.batchDim].stride = static_cast<int32_t>(imageStride(a, operands[i]));
      }
    }
  }
};

int DeviceRunner::run(const NativeKernel &kernel, const std::vector<KernelOperand> &operands, int batch) {
  Launch launch(kernel, operands, batch);
  const std::vector<float> before = launch.contents;
  if (const int status = functions->copyToDevice(nullptr, &launch.allocation, functions->interface))
    return status;
  launch.describe(batch);
  int status = kernel.run(nullptr, launch.buffers);
  launch.allocation.set_device_dirty(true);
  if (!status)
    status = functions->copyToHost(nullptr, &launch.allocation);
  functions->release(nullptr, &launch.allocation);
  if (status)
    return status;
  const int64_t first = launch.offsets.back(), count = launch.counts.back();
  std::memcpy(operands.back().buffer, launch.contents.data() + first, count * 4);
  std::memcpy(launch.contents.data() + first, before.data() + first, count * 4);
  if (std::memcmp(launch.contents.data(), before.data(), before.size() * 4) == 0)
    return 0;
  kernelErrors += "the kernel has written outside of its output";
  return -1;
}

std::vector<double> DeviceRunner::time(const NativeKernel &kernel, const std::vector<KernelOperand> &operands, int batch,
                                       int launches) {
  Launch launch(kernel, operands, batch);
  std::vector<double> seconds;
  if (functions->copyToDevice(nullptr, &launch.allocation, functions->interface))
    return seconds;
  launch.describe(batch);
  for (int i = 0; i < launches; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (kernel.run(nullptr, launch.buffers) || functions->sync(nullptr, &launch.allocation))
      break;
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  functions->release(nullptr, &launch.allocation);
  return seconds;
}
