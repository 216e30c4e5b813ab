# MLIR 22 and LLVM 22, as shared libraries, and the flags that everything is compiled with.

find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
set(MLIR_BINARY_DIR ${PROJECT_BINARY_DIR})
set(MLIR_LINK_MLIR_DYLIB ON)
set(LLVM_RUNTIME_OUTPUT_INTDIR ${PROJECT_BINARY_DIR}/bin)
set(LLVM_LIBRARY_OUTPUT_INTDIR ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include(HandleLLVMOptions)

include_directories(${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
include_directories(SYSTEM ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_definitions(${LLVM_DEFINITIONS_LIST})
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-frtti> -Wall -Wextra -Wno-unused-parameter)

# libMLIR is built without assertions and so lays out some classes of its headers (pass statistics) in another way than a build with
# them would.
add_compile_definitions(NDEBUG)

if(RESNET_SANITIZE)
  add_compile_options(-fsanitize=${RESNET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${RESNET_SANITIZE})
  add_library(ResNetSanitizerOptions OBJECT ${PROJECT_SOURCE_DIR}/cmake/SanitizerOptions.c)
  link_libraries(ResNetSanitizerOptions)
endif()

# Installed tools find MLIR and LLVM where this build found them.
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib;${LLVM_LIBRARY_DIR}")

# lld links the tools in a tenth of the time.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()
