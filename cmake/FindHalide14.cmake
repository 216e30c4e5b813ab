# Imported target Halide14::Halide. Not find_package(Halide): its config loads LLVM 14's CMake package beside MLIR's LLVM.
find_path(Halide14_INCLUDE_DIR Halide.h PATH_SUFFIXES halide14)
find_library(Halide14_LIBRARY NAMES Halide14 libHalide14.so.0)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Halide14 REQUIRED_VARS Halide14_LIBRARY Halide14_INCLUDE_DIR)
mark_as_advanced(Halide14_INCLUDE_DIR Halide14_LIBRARY)
if(Halide14_FOUND AND NOT TARGET Halide14::Halide)
  add_library(Halide14::Halide SHARED IMPORTED)
  set_target_properties(Halide14::Halide PROPERTIES
    IMPORTED_LOCATION ${Halide14_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${Halide14_INCLUDE_DIR})
endif()
