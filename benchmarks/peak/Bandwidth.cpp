// Each thread sums a buffer of its own, from one end to the other, with loads as wide as the CPU has.

#include "benchmarks/peak/Bandwidth.h"
#include "benchmarks/peak/Rate.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <vector>

namespace resnet::peak {

namespace {

constexpr size_t kHugePage = size_t(2) << 20;
// What a round reads at most: the next part of a longer buffer, so that a round is short beside what a scheduler gives to a
// thread.
constexpr size_t kSlice = size_t(2) << 20;

struct Free {
  void operator()(float *buffer) const { std::free(buffer); }
};
using Buffer = std::unique_ptr<float, Free>;

typedef float Vector512 __attribute__((vector_size(64)));
typedef float Vector128 __attribute__((vector_size(16)));

// Sums in flight: as many as hide the latency of an addition, 4 cycles at two a cycle.
constexpr size_t kSums = 8;

template <typename Vector> [[gnu::always_inline]] inline void read(const float *buffer, size_t bytes) {
  const auto *data = reinterpret_cast<const Vector *>(buffer);
  Vector sums[kSums] = {};
  for (size_t i = 0, end = bytes / sizeof(Vector); i + kSums <= end; i += kSums)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < kSums; ++j)
      sums[j] += data[i + j];
  for (const Vector &sum : sums)
    sink = sum[0];
}

__attribute__((target("avx512f"))) void read512(const float *buffer, size_t bytes) { read<Vector512>(buffer, bytes); }
void read128(const float *buffer, size_t bytes) { read<Vector128>(buffer, bytes); }

// A file of one line in the folder of the first CPU's cache number `index`; empty where there is none.
std::string cacheProperty(int index, const char *name) {
  std::string text;
  std::getline(std::ifstream("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/" + name), text);
  return text;
}

} // namespace

// Not sysconf: under a hypervisor glibc has been seen to report 320 MB for an L3 of 32 MB.
CacheSizes cacheSizes() {
  CacheSizes sizes{};
  for (int index = 0;; ++index) {
    const std::string level = cacheProperty(index, "level"), size = cacheProperty(index, "size");
    if (level.empty())
      return sizes;
    const size_t bytes = std::strtoul(size.c_str(), nullptr, 10) << (size.ends_with('M') ? 20 : 10); // "32768K"
    if (level == "2")
      sizes.l2 = bytes;
    if (level == "3")
      sizes.l3 = bytes;
  }
}

size_t bytesInL2(const CacheSizes &sizes) { return sizes.l2 / 2; }

size_t bytesInL3(const CacheSizes &sizes, int threads) {
  return std::max(sizes.l3 / 2 / static_cast<size_t>(threads), 2 * sizes.l2);
}

size_t bytesInMemory(const CacheSizes &sizes, int threads) {
  return std::max(4 * sizes.l3 / static_cast<size_t>(threads), size_t(64) << 20);
}

double bytesReadPerSecond(size_t bytes, int threads) {
  bytes -= bytes % (kSums * sizeof(Vector512)); // what one round of the loop reads
  const size_t pages = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  std::vector<Buffer> buffers;
  for (int i = 0; i < threads; ++i) {
    buffers.emplace_back(static_cast<float *>(std::aligned_alloc(kHugePage, pages)));
    if (!buffers.back())
      return -1;
    madvise(buffers.back().get(), pages, MADV_HUGEPAGE);
    std::memset(buffers.back().get(), 1, pages); // pages that were never written are all one page of zeros
  }
  const size_t slice = std::min(bytes, kSlice), slices = bytes / slice;
  std::vector<size_t> next(static_cast<size_t>(threads));
  auto *reader = __builtin_cpu_supports("avx512f") ? read512 : read128;
  return bestRate(threads, [&](int thread, long rounds) {
    const float *buffer = buffers[static_cast<size_t>(thread)].get();
    size_t &position = next[static_cast<size_t>(thread)];
    for (long r = 0; r < rounds; ++r)
      reader(buffer + position++ % slices * slice / sizeof(float), slice);
    return static_cast<double>(slice) * static_cast<double>(rounds);
  });
}

} // namespace resnet::peak
