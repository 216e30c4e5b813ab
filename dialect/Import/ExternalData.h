// Weights beside an ONNX file, confined to the file's folder.

#ifndef RESNET_DIALECT_IMPORT_EXTERNALDATA_H
#define RESNET_DIALECT_IMPORT_EXTERNALDATA_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace resnet {

/// Reads parts of files below one folder. A location is a relative path without `..`; neither it nor a folder on the way may
/// be a link, and the file must be a regular one with one name. Errors say what was expected and found.
class ExternalData {
public:
  explicit ExternalData(llvm::StringRef folder) : folder(folder.empty() ? "." : folder) {}
  ~ExternalData();
  ExternalData(const ExternalData &) = delete;
  ExternalData &operator=(const ExternalData &) = delete;

  /// Size of the file at `location`.
  llvm::Expected<int64_t> size(llvm::StringRef location);

  /// Fills `data` with `bytes` from `offset`, which must lie inside the file.
  llvm::Error read(llvm::StringRef location, int64_t offset, int64_t bytes, void *data);

private:
  struct File {
    int descriptor = -1;
    int64_t size = 0;
  };
  llvm::Expected<File> open(llvm::StringRef location);

  std::string folder;
  llvm::StringMap<File> files;
};

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_EXTERNALDATA_H
