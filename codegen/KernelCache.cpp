// One file an entry: a header with a hash of the rest, then the object. The name is a hash of the specification, its
// symbol and the version of the kernel compiler, which is a hash of its sources: no stale entry can match.

#include "codegen/KernelCache.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include <algorithm>
#include <cstring>
#include <vector>

using namespace llvm;
using namespace resnet::codegen;

namespace {

constexpr char kMagic[8] = {'R', 'N', 'K', 'E', 'R', 'N', '0', '2'};
constexpr StringRef kExtension = ".kernel", kTemporary = ".tmp";

struct Header {
  char magic[8];
  uint64_t hash; // of scratchBytes and the object
  uint64_t scratchBytes;
};

uint64_t hashOf(uint64_t scratchBytes, StringRef object) {
  return xxh3_64bits(arrayRefFromStringRef(object)) ^ scratchBytes * 0x9E3779B97F4A7C15ull;
}

// A writer that was killed leaves its temporary; one this old has no writer any more.
constexpr std::chrono::hours kAbandoned(1);

} // namespace

KernelCache::KernelCache(std::string directory, uint64_t maxBytes) : directory(std::move(directory)), maxBytes(maxBytes) {
  if (!this->directory.empty() && sys::fs::create_directories(this->directory))
    this->directory.clear();
}

std::string KernelCache::defaultDirectory() {
  if (auto chosen = sys::Process::GetEnv("RESNET_CACHE_DIR"))
    return *chosen;
  SmallString<128> user;
  if (!sys::path::cache_directory(user))
    return "";
  sys::path::append(user, "resnet");
  return std::string(user);
}

std::string KernelCache::path(const KernelSpec &spec, StringRef symbol) const {
  const std::string key = (kernelCompilerVersion() + "\n" + symbol + "\n" + toString(spec)).str();
  const XXH128_hash_t hash = xxh3_128bits(arrayRefFromStringRef(key));
  SmallString<256> file(directory);
  sys::path::append(file, utohexstr(hash.high64, true, 16) + utohexstr(hash.low64, true, 16) + kExtension);
  return std::string(file);
}

std::optional<CompiledKernel> KernelCache::load(const KernelSpec &spec, StringRef symbol) const {
  if (directory.empty())
    return std::nullopt;
  const std::string file = path(spec, symbol);
  auto buffer = MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer || (*buffer)->getBufferSize() < sizeof(Header))
    return std::nullopt;
  Header header;
  std::memcpy(&header, (*buffer)->getBufferStart(), sizeof header);
  StringRef object = (*buffer)->getBuffer().drop_front(sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) || header.hash != hashOf(header.scratchBytes, object))
    return std::nullopt;
  // The time of last use; losing it to a race or a read-only directory only makes the entry look older.
  int descriptor;
  if (!sys::fs::openFileForWrite(file, descriptor, sys::fs::CD_OpenExisting)) {
    (void)sys::fs::setLastAccessAndModificationTime(descriptor, std::chrono::system_clock::now());
    (void)sys::Process::SafelyCloseFileDescriptor(descriptor);
  }
  CompiledKernel kernel;
  kernel.contents = object.str();
  kernel.scratchBytes = header.scratchBytes;
  return kernel;
}

void KernelCache::store(const KernelSpec &spec, StringRef symbol, const CompiledKernel &kernel) const {
  if (directory.empty())
    return;
  Header header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.hash = hashOf(kernel.scratchBytes, kernel.contents);
  header.scratchBytes = kernel.scratchBytes;
  const std::string file = path(spec, symbol);
  // Written beside and renamed: a reader sees all of it or nothing.
  auto temporary = sys::fs::TempFile::create(file + ".%%%%%%" + kTemporary);
  if (!temporary)
    return consumeError(temporary.takeError());
  raw_fd_ostream os(temporary->FD, /*shouldClose=*/false);
  os.write(reinterpret_cast<const char *>(&header), sizeof header);
  os << kernel.contents;
  os.flush();
  const bool complete = !os.has_error();
  os.clear_error();
  consumeError(complete ? temporary->keep(file) : temporary->discard());
}

void KernelCache::prune() const {
  if (directory.empty())
    return;
  struct Entry {
    sys::TimePoint<> used;
    uint64_t bytes;
    std::string path;
  };
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  for (sys::fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    sys::fs::file_status status;
    const StringRef name = it->path();
    if ((!name.ends_with(kExtension) && !name.ends_with(kTemporary)) || sys::fs::status(name, status))
      continue;
    if (name.ends_with(kTemporary) && status.getLastModificationTime() + kAbandoned < std::chrono::system_clock::now() &&
        !sys::fs::remove(name))
      continue;
    entries.push_back({status.getLastModificationTime(), status.getSize(), it->path()});
    total += status.getSize();
  }
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) { return a.used < b.used; });
  for (const Entry &entry : entries) {
    if (total <= maxBytes)
      return;
    if (!sys::fs::remove(entry.path))
      total -= entry.bytes;
  }
}
