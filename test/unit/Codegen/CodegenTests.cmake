add_executable(resnet-codegen-tests
  BatchSizesTest.cpp
  KernelCacheTest.cpp
  OptionsTest.cpp
  ProgramTableTest.cpp
  ScheduleDatabaseTest.cpp
  ScheduleModelTest.cpp
  ScheduleSelectionTest.cpp
  SpecFromKernelTest.cpp
  TuningTest.cpp
  WeightsObjectTest.cpp)
llvm_update_compile_flags(resnet-codegen-tests)
target_link_libraries(resnet-codegen-tests PRIVATE ResNetCodegen GTest::gtest_main)
mlir_target_link_libraries(resnet-codegen-tests PRIVATE MLIRParser)
