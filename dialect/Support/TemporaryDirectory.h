// A directory of intermediate files that leaves nothing behind, also when the program is interrupted.

#ifndef RESNET_DIALECT_SUPPORT_TEMPORARYDIRECTORY_H
#define RESNET_DIALECT_SUPPORT_TEMPORARYDIRECTORY_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace resnet {

/// Removed with its files when the object dies and on SIGINT, SIGTERM and SIGHUP, after which the program ends with 128 + SIGINT.
/// One at a time in a process.
class TemporaryDirectory {
public:
  static llvm::Expected<std::unique_ptr<TemporaryDirectory>> create(llvm::StringRef prefix);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory &) = delete;

  /// The path of a file in the directory, which an interrupt removes too. From any thread.
  std::string file(llvm::StringRef name) const;

private:
  explicit TemporaryDirectory(llvm::StringRef path) : path(path) {}
  std::string path;
};

} // namespace resnet

#endif // RESNET_DIALECT_SUPPORT_TEMPORARYDIRECTORY_H
