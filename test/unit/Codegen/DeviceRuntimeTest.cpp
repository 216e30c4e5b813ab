// Halide's device runtimes as objects: what they define, and that they are the same every time.

#include "codegen/halide/DeviceRuntime.h"
#include <gtest/gtest.h>

using namespace resnet;
using namespace resnet::codegen;

TEST(DeviceRuntime, DefinesTheInterface) {
  for (const auto &[target, symbol] :
       {std::pair(Target::OpenCL, "halide_opencl_device_interface"), std::pair(Target::Cuda, "halide_cuda_device_interface")}) {
    const CompiledKernel runtime = compileDeviceRuntime(target);
    ASSERT_EQ(runtime.error, "");
    EXPECT_EQ(runtime.contents.substr(0, 4), "\177ELF");
    EXPECT_NE(runtime.contents.find(symbol), std::string::npos);
    EXPECT_TRUE(compileDeviceRuntime(target).contents == runtime.contents) << toString(target);
  }
}

TEST(DeviceRuntime, IsForDevicesOnly) { EXPECT_EQ(compileDeviceRuntime(Target::X86_64_v3).error, "x86-64-v3 is no device"); }
