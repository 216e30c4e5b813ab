// The most f32 operations a second: independent multiply-adds in registers.

#ifndef RESNET_BENCHMARKS_PEAK_ARITHMETIC_H
#define RESNET_BENCHMARKS_PEAK_ARITHMETIC_H

namespace resnet::peak {

/// The longest vectors that the CPU and the system have.
struct Arithmetic {
  const char *isa;
  double (*kernel)(long rounds); ///< returns the operations done
};
Arithmetic longestVectors();

double flopPerSecond(const Arithmetic &arithmetic, int threads);

} // namespace resnet::peak

#endif // RESNET_BENCHMARKS_PEAK_ARITHMETIC_H
