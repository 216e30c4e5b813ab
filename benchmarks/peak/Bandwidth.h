// How fast f32 can be read from memory and from the caches.

#ifndef RESNET_BENCHMARKS_PEAK_BANDWIDTH_H
#define RESNET_BENCHMARKS_PEAK_BANDWIDTH_H

#include <cstddef>

namespace resnet::peak {

/// What a level of the memory hierarchy holds, as the system reports it; 0 where it does not.
struct CacheSizes {
  size_t l2; ///< of each core
  size_t l3; ///< of the cores that share it
};
CacheSizes cacheSizes();

/// The part of a working set that each of `threads` threads reads, so that together they read from the level and not from the one
/// before it.
size_t bytesInL2(const CacheSizes &sizes);
size_t bytesInL3(const CacheSizes &sizes, int threads);
size_t bytesInMemory(const CacheSizes &sizes, int threads);

/// Bytes a second of `threads` threads, each reading a buffer of its own of `bytes`. A negative number: out of memory.
double bytesReadPerSecond(size_t bytes, int threads);

} // namespace resnet::peak

#endif // RESNET_BENCHMARKS_PEAK_BANDWIDTH_H
