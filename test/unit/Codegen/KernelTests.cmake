# The loader of single kernels (benchmarks use it too) and the tests of the kernel compiler.
find_package(Halide14 REQUIRED)
find_package(GTest REQUIRED)
find_program(RESNET_TEST_LINKER NAMES ld.lld ld.lld-22 ld.bfd ld REQUIRED)

# An object library: its halide_* functions are found at load time only, no symbol of an archive would pull them in.
add_library(ResNetKernelRunner OBJECT KernelRunner.cpp KernelRunner.h)
target_compile_definitions(ResNetKernelRunner PRIVATE RESNET_TEST_LINKER="${RESNET_TEST_LINKER}")
target_include_directories(ResNetKernelRunner SYSTEM PUBLIC ${Halide14_INCLUDE_DIR}) # HalideRuntime.h
target_link_libraries(ResNetKernelRunner PUBLIC ResNetKernels ${CMAKE_DL_LIBS})

add_executable(resnet-kernel-tests
  KernelReference.cpp KernelReference.h
  KernelTestConv.cpp
  KernelTestDeterminism.cpp
  KernelTestOther.cpp
  KernelTestPacking.cpp
  KernelTestSpec.cpp
  KernelTestStem.cpp)
target_link_libraries(resnet-kernel-tests PRIVATE ResNetKernelRunner GTest::gtest_main)
set_target_properties(resnet-kernel-tests PROPERTIES ENABLE_EXPORTS ON) # kernels find halide_do_par_for in it
