// An anonymous file in memory, reached by its descriptor's path.

#include "codegen/halide/AnonymousFile.h"
#include <Halide.h>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace {
struct Descriptor {
  int fd = memfd_create("kernel", MFD_CLOEXEC);
  ~Descriptor() {
    if (fd >= 0)
      close(fd);
  }
};
} // namespace

std::string resnet::codegen::writtenBy(const std::function<void(const std::string &path)> &write) {
  const Descriptor file;
  if (file.fd < 0)
    throw Halide::RuntimeError(std::string("cannot create an anonymous file: ") + std::strerror(errno));
  write("/proc/self/fd/" + std::to_string(file.fd));
  std::string contents;
  char buffer[1 << 16];
  ssize_t got;
  lseek(file.fd, 0, SEEK_SET);
  while ((got = read(file.fd, buffer, sizeof buffer)) > 0)
    contents.append(buffer, static_cast<size_t>(got));
  if (got < 0 || contents.empty())
    throw Halide::RuntimeError("cannot read the compiled kernel back");
  return contents;
}
