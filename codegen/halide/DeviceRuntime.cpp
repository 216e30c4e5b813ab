// Halide compiles its runtime from bitcode that it carries.

#include "codegen/halide/DeviceRuntime.h"
#include "codegen/halide/AnonymousFile.h"
#include <Halide.h>

using namespace resnet;
using namespace resnet::codegen;

std::string codegen::deviceFeatures(Target target) {
  return target == Target::OpenCL ? "opencl" : "cuda-cuda_capability_80"; // without a capability Halide takes 2.0
}

CompiledKernel codegen::compileDeviceRuntime(Target target) {
  CompiledKernel result;
  if (!isDevice(target)) {
    result.error = std::string(toString(target)) + " is no device";
    return result;
  }
  try {
    const Halide::Target runtime("x86-64-linux-user_context-" + deviceFeatures(target));
    result.contents = writtenBy([&](const std::string &path) { Halide::compile_standalone_runtime(path, runtime); });
  } catch (const std::exception &e) {
    result.error = std::string("Halide's runtime for ") + toString(target) + ": " + e.what();
  }
  return result;
}
