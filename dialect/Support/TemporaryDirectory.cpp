// LLVM removes the files on a signal and then calls the interrupt function, which has only the empty directory left to remove.

#include "dialect/Support/TemporaryDirectory.h"
#include "dialect/Support/OutputFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include <climits>
#include <csignal>
#include <cstring>
#include <unistd.h>

using namespace llvm;
using namespace resnet;

// For the signal handler, which may not touch the heap.
static char interruptedPath[PATH_MAX];

static void removeAndExit() {
  ::rmdir(interruptedPath);
  ::_exit(128 + SIGINT);
}

Expected<std::unique_ptr<TemporaryDirectory>> TemporaryDirectory::create(StringRef prefix) {
  SmallString<128> unique;
  if (std::error_code error = sys::fs::createUniqueDirectory(prefix, unique)) {
    SmallString<128> parent;
    sys::path::system_temp_directory(/*ErasedOnReboot=*/true, parent);
    return createStringError("cannot create a temporary directory in '" + parent + "' (TMPDIR): " + error.message());
  }
  if (unique.size() < sizeof interruptedPath) {
    std::memcpy(interruptedPath, unique.data(), unique.size());
    interruptedPath[unique.size()] = '\0';
    sys::SetInterruptFunction(removeAndExit);
  }
  return std::unique_ptr<TemporaryDirectory>(new TemporaryDirectory(unique));
}

TemporaryDirectory::~TemporaryDirectory() {
  sys::SetInterruptFunction(nullptr);
  (void)sys::fs::remove_directories(path);
}

std::string TemporaryDirectory::file(StringRef name) const {
  SmallString<128> file(path);
  sys::path::append(file, name);
  removeOnSignal(file);
  return std::string(file);
}
