// A temporary file beside the target, then a rename. POSIX.

#include "dialect/Support/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

static Error systemError(int error) { return createStringError(std::strerror(error)); }

// Writes to `stream` and takes its error out of it: a stream that still has one ends the program when it is destroyed.
static Error writeAndFlush(raw_fd_ostream &stream, function_ref<Error(raw_ostream &)> write) {
  Error error = write(stream);
  stream.flush();
  if (!error && stream.has_error())
    error = createStringError(stream.error().message());
  stream.clear_error();
  return error;
}

static Error writeDescriptor(int descriptor, bool close, function_ref<Error(raw_ostream &)> write) {
  raw_fd_ostream stream(descriptor, /*shouldClose=*/false);
  Error error = writeAndFlush(stream, write);
  if (close && ::close(descriptor) && !error)
    error = systemError(errno);
  return error;
}

void resnet::removeOnSignal(StringRef path) {
  sys::RemoveFileOnSignal(path);
  std::signal(SIGXFSZ, SIG_IGN); // The line before has taken it over.
}

Error resnet::writeOutputFile(StringRef path, function_ref<Error(raw_ostream &)> write) {
  // A limit on the size of files is then an error of the write, like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  if (path == "-")
    return writeDescriptor(STDOUT_FILENO, /*close=*/false, write);
  const std::string target = path.str();
  struct stat existing;
  if (::stat(target.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode)) {
    const int descriptor = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    return descriptor < 0 ? systemError(errno) : writeDescriptor(descriptor, /*close=*/true, write);
  }

  std::string temporary = target + ".tmp-XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0)
    return systemError(errno);
  removeOnSignal(temporary);
  // mkostemp makes the file private; give it the mode that open would have.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(descriptor, 0666 & ~mask);
  Error error = writeDescriptor(descriptor, /*close=*/true, write);
  if (!error && ::rename(temporary.c_str(), target.c_str()))
    error = systemError(errno);
  if (error)
    ::unlink(temporary.c_str());
  sys::DontRemoveFileOnSignal(temporary);
  return error;
}
