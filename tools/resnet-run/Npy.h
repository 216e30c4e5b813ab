// NumPy's .npy files, formats 1.0 to 3.0, as numpy.lib.format defines them. Structured types and objects are refused.

#ifndef RESNET_TOOLS_NPY_H
#define RESNET_TOOLS_NPY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace resnet {

/// An array in row-major order and this machine's byte order, whatever the file had.
struct NpyArray {
  char kind = 'f'; // 'b' bool, 'i' signed, 'u' unsigned, 'f' floating point, 'c' complex
  unsigned itemBytes = 4;
  std::string type = "<f4"; // as the file says it
  std::vector<int64_t> shape;
  std::vector<char> data;

  int64_t elements() const;
  bool is(char aKind, unsigned bytes) const { return kind == aKind && itemBytes == bytes; }
  template <typename T> llvm::ArrayRef<T> as() const {
    return {reinterpret_cast<const T *>(data.data()), data.size() / sizeof(T)};
  }
};

/// Reads a file. Its sizes are checked against the file's before anything is allocated; a file longer than its array is an error.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);

/// The same for the contents of a file; `name` appears in errors.
llvm::Expected<NpyArray> parseNpy(llvm::StringRef contents, llvm::StringRef name);

/// Reads a file that must hold f32.
llvm::Expected<NpyArray> readNpyF32(llvm::StringRef path);

/// Writes f32 in format 1.0, whole or not at all.
llvm::Error writeNpy(llvm::StringRef path, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values);

/// "[2, 3, 32, 32]"; -1 is "?".
std::string formatShape(llvm::ArrayRef<int64_t> shape);

} // namespace resnet

#endif // RESNET_TOOLS_NPY_H
