// What this machine can do at best: f32 operations a second in registers, and bytes read a second from memory and caches, on one
// thread and on several at once. Prints one JSON object.
//   resnet-peak [--threads=N]    N: threads of the second measurement; default: the CPUs that this process may use
// "read_gb_per_second" is memory's; "caches" lists the levels whose size the system reports, each with the bytes that one such
// cache holds.

#include "benchmarks/peak/Arithmetic.h"
#include "benchmarks/peak/Bandwidth.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sched.h>

using namespace resnet::peak;

// "gb_per_second" on one thread, which reads `one` bytes, and on all, each of which reads `each`.
static void printReading(const char *prefix, size_t one, size_t each, int threads) {
  const double single = bytesReadPerSecond(one, 1), all = bytesReadPerSecond(each, threads);
  if (single < 0 || all < 0) {
    std::fprintf(stderr, "resnet-peak: out of memory for %d buffers of %zu bytes\n", threads, each);
    std::exit(1);
  }
  std::printf("\"%sgb_per_second\": %.1f, \"%sgb_per_second_all\": %.1f", prefix, single * 1e-9, prefix, all * 1e-9);
}

int main(int argc, char **argv) {
  cpu_set_t cpus;
  int threads = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--threads=", 10) == 0)
      threads = std::atoi(argv[i] + 10);
    if (std::strncmp(argv[i], "--threads=", 10) != 0 || threads < 1 || threads > 1024) {
      std::fprintf(stderr, "usage: resnet-peak [--threads=N]\n");
      return 2;
    }
  }
  const Arithmetic arithmetic = longestVectors();
  std::printf("{\"isa\": \"%s\", \"gflop_per_second\": %.1f, ", arithmetic.isa, flopPerSecond(arithmetic, 1) * 1e-9);
  std::printf("\"threads\": %d, \"gflop_per_second_all\": %.1f, ", threads, flopPerSecond(arithmetic, threads) * 1e-9);

  const CacheSizes sizes = cacheSizes();
  printReading("read_", bytesInMemory(sizes, 1), bytesInMemory(sizes, threads), threads);
  std::printf(", \"caches\": [");
  if (sizes.l2) {
    std::printf("{\"level\": 2, \"bytes\": %zu, ", sizes.l2);
    printReading("", bytesInL2(sizes), bytesInL2(sizes), threads);
    std::printf("}");
  }
  if (sizes.l3) {
    std::printf("%s{\"level\": 3, \"bytes\": %zu, ", sizes.l2 ? ", " : "", sizes.l3);
    printReading("", bytesInL3(sizes, 1), bytesInL3(sizes, threads), threads);
    std::printf("}");
  }
  std::printf("]}\n");
  return 0;
}
