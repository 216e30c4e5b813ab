// Numbers that are the same bits on every machine, for they are made of exactly rounded operations alone: counter-based random
// numbers, and the functions that generated parameters need.

#ifndef RESNET_DIALECT_IMPORT_RANDOM_H
#define RESNET_DIALECT_IMPORT_RANDOM_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace resnet {

/// One stream of random numbers, addressed by position. Streams of one seed differ by name.
class RandomStream {
public:
  RandomStream(uint64_t seed, llvm::StringRef name);

  /// 64 random bits (SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
  uint64_t bits(uint64_t position) const;
  /// Uniform in (0, 1).
  double uniform(uint64_t position) const;
  /// Standard normal: the inverse of its distribution function at a uniform number.
  double normal(uint64_t position) const;

private:
  uint64_t key;
};

/// The inverse of the standard normal distribution function for 0 < p < 1, to about 16 digits (Wichura, algorithm AS 241,
/// Applied Statistics 37, 1988).
double inverseNormal(double p);

/// The exponential function to about 15 digits; its argument is held within [-700, 700].
double exponential(double x);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_RANDOM_H
