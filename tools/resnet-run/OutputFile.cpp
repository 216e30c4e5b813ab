// Files that are written whole or not at all: a temporary beside the target, then rename. POSIX.

#include "tools/resnet-run/OutputFile.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace resnet {

llvm::Error fileError(llvm::StringRef path, llvm::StringRef what, int error) {
  return llvm::createStringError("'" + path.str() + "': " + what.str() + ": " + std::generic_category().message(error));
}

/// Returns 0 or an errno.
static int writeAll(int file, llvm::ArrayRef<llvm::StringRef> pieces) {
  for (llvm::StringRef piece : pieces)
    while (!piece.empty()) {
      ssize_t written = ::write(file, piece.data(), std::min<size_t>(piece.size(), size_t(1) << 30));
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return written < 0 ? errno : EIO;
      piece = piece.drop_front(size_t(written));
    }
  return 0;
}

static int closeFile(int file) { return ::close(file) == 0 ? 0 : errno; }

llvm::Error writeFile(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> pieces) {
  std::string target = path.str();
  struct stat existing;
  if (::stat(target.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode)) {
    int file = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    int error = file < 0 ? errno : writeAll(file, pieces);
    if (file >= 0)
      if (int closing = closeFile(file); error == 0)
        error = closing;
    return error ? fileError(path, "cannot write", error) : llvm::Error::success();
  }

  std::string temporary = target + ".tmp-XXXXXX";
  int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0)
    return fileError(path, "cannot create", errno);
  // mkostemp makes the file private; give it the mode that open would have.
  mode_t mask = ::umask(0);
  ::umask(mask);
  int error = ::fchmod(file, 0666 & ~mask) == 0 ? 0 : errno;
  if (error == 0)
    error = writeAll(file, pieces);
  if (int closing = closeFile(file); error == 0)
    error = closing;
  if (error == 0 && ::rename(temporary.c_str(), target.c_str()) != 0)
    error = errno;
  if (error == 0)
    return llvm::Error::success();
  ::unlink(temporary.c_str());
  return fileError(path, "cannot write", error);
}

llvm::Error writeStdout(llvm::StringRef text) {
  int error = writeAll(STDOUT_FILENO, text);
  return error ? fileError("<stdout>", "cannot write", error) : llvm::Error::success();
}

} // namespace resnet
