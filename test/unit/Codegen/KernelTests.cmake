# The loader of single kernels (benchmarks use it too) and the tests of the kernel compiler.
find_package(GTest REQUIRED)

add_library(ResNetKernelRunner STATIC KernelRunner.cpp KernelRunner.h)
target_link_libraries(ResNetKernelRunner PUBLIC ResNetTuning)

add_executable(resnet-kernel-tests
  KernelComparison.cpp
  KernelReference.cpp KernelReference.h
  KernelTestActivation.cpp
  KernelTestConv.cpp
  KernelTestDeterminism.cpp
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
  WinogradTilesTest.cpp
  WinogradTransformTest.cpp)
target_link_libraries(resnet-kernel-tests PRIVATE ResNetKernelRunner GTest::gtest_main)
