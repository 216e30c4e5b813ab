// Opens external data one path component at a time without following links, so that no file outside the folder can be
// reached, not even by a link that is made while we look.

#include "dialect/Import/ExternalData.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace resnet;

static Error fail(StringRef location, const Twine &why) { return createStringError("external data '" + location + "': " + why); }

ExternalData::~ExternalData() {
  for (auto &entry : files)
    ::close(entry.second.descriptor);
}

Expected<ExternalData::File> ExternalData::open(StringRef location) {
  if (auto it = files.find(location); it != files.end())
    return it->second;
  if (location.empty() || location.contains('\0') || location.starts_with("/"))
    return fail(location, "expected a path relative to the model's folder");
  SmallVector<StringRef> parts;
  location.split(parts, '/', -1, /*KeepEmpty=*/false);
  if (is_contained(parts, ".."))
    return fail(location, "expected a path inside the model's folder, got one with '..'");

  int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; i < parts.size() && descriptor >= 0; ++i) {
    const bool last = i + 1 == parts.size();
    // O_NONBLOCK: a pipe must not hang us before its kind is looked at.
    const int next =
        ::openat(descriptor, parts[i].str().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (last ? O_NONBLOCK : O_DIRECTORY));
    const int error = errno;
    ::close(descriptor);
    descriptor = next;
    errno = error;
  }
  if (descriptor < 0) {
    if (errno == ELOOP || errno == ENOTDIR)
      return fail(location, "expected a file that is reached without links");
    return fail(location, std::strerror(errno));
  }
  struct stat status;
  File file{descriptor, 0};
  if (::fstat(descriptor, &status) || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return fail(location, "expected a regular file");
  }
  if (status.st_nlink != 1) {
    ::close(descriptor);
    return fail(location, "expected a file with one name, got one with " + Twine(status.st_nlink) + " hard links");
  }
  file.size = status.st_size;
  files[location] = file;
  return file;
}

Expected<int64_t> ExternalData::size(StringRef location) {
  Expected<File> file = open(location);
  return file ? Expected<int64_t>(file->size) : file.takeError();
}

Error ExternalData::read(StringRef location, int64_t offset, int64_t bytes, void *data) {
  Expected<File> file = open(location);
  if (!file)
    return file.takeError();
  if (offset < 0 || bytes < 0 || offset > file->size || bytes > file->size - offset)
    return fail(location, "expected " + Twine(bytes) + " bytes from offset " + Twine(offset) + ", got a file of " +
                              Twine(file->size) + " bytes");
  for (int64_t done = 0; done < bytes;) {
    const ssize_t n = ::pread(file->descriptor, static_cast<char *>(data) + done,
                              std::min<int64_t>(bytes - done, int64_t(1) << 30), offset + done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail(location, n ? std::strerror(errno) : "the file became shorter while it was read");
    done += n;
  }
  return Error::success();
}
