# The loader of single kernels (benchmarks use it too) and the tests of the kernel compiler.
find_package(GTest REQUIRED)
find_package(Halide14 REQUIRED)

add_library(ResNetKernelRunner STATIC DeviceRunner.cpp DeviceRunner.h KernelRunner.cpp KernelRunner.h)
target_include_directories(ResNetKernelRunner SYSTEM PRIVATE ${Halide14_INCLUDE_DIR}) # HalideRuntime.h
target_compile_definitions(ResNetKernelRunner PRIVATE RESNET_LLVM_TOOLS="${LLVM_TOOLS_BINARY_DIR}")
target_link_libraries(ResNetKernelRunner PUBLIC ResNetTuning)

add_executable(resnet-kernel-tests
  DeviceRuntimeTest.cpp
  KernelComparison.cpp
  KernelReference.cpp KernelReference.h
  KernelTestActivation.cpp
  KernelTestConv.cpp
  KernelTestDeterminism.cpp
  KernelTestDevice.cpp
  KernelTestGroups.cpp
  KernelTestNorm.cpp
  KernelTestOther.cpp
  KernelTestPacking.cpp
  KernelTestPost.cpp
  KernelTestSchedule.cpp
  KernelTestSpec.cpp
  KernelTestStem.cpp
  KernelTestWinograd.cpp
  KernelTestWinogradError.cpp
  KernelTestWork.cpp
  WinogradScheduleTest.cpp
  WinogradTransformTest.cpp)
target_link_libraries(resnet-kernel-tests PRIVATE ResNetKernelRunner GTest::gtest_main)

# NVIDIA's assembler, where it is, tells whether kernels spill.
find_program(RESNET_PTXAS ptxas HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
set(ptxas "${RESNET_PTXAS}")
if(NOT ptxas)
  set(ptxas "")
endif()
set_source_files_properties(KernelTestDevice.cpp PROPERTIES COMPILE_DEFINITIONS RESNET_PTXAS="${ptxas}")
