// Names the file in the errors of dialect/Support's writer.

#include "tools/resnet-run/OutputFile.h"
#include "dialect/Support/OutputFile.h"
#include <string>
#include <system_error>

namespace resnet {

llvm::Error fileError(llvm::StringRef path, llvm::StringRef what, int error) {
  return llvm::createStringError("'" + path.str() + "': " + what.str() + ": " + std::generic_category().message(error));
}

static llvm::Error write(llvm::StringRef path, llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> pieces) {
  llvm::Error error = writeOutputFile(path, [&](llvm::raw_ostream &os) {
    for (llvm::StringRef piece : pieces)
      os << piece;
    return llvm::Error::success();
  });
  if (!error)
    return error;
  return llvm::createStringError("'" + name.str() + "': cannot write: " + llvm::toString(std::move(error)));
}

llvm::Error writeFile(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> pieces) { return write(path, path, pieces); }

llvm::Error writeStdout(llvm::StringRef text) { return write("-", "<stdout>", text); }

} // namespace resnet
