// Times of kernels as a network runs them: activations from cache, filters from memory.

#ifndef RESNET_CODEGEN_TUNING_MEASURE_H
#define RESNET_CODEGEN_TUNING_MEASURE_H

#include "codegen/tuning/KernelLoader.h"

namespace resnet::codegen {

/// Operands for the launches of one specification, whatever its schedule. Filters have copies that are used in turn, more than
/// the last-level cache holds unless `warm`. Contents are fixed pseudo-random numbers.
class LaunchBuffers {
public:
  LaunchBuffers(const KernelSpec &canonical, int batch, bool warm = false);
  ~LaunchBuffers();
  LaunchBuffers(const LaunchBuffers &) = delete;
  LaunchBuffers &operator=(const LaunchBuffers &) = delete;

  /// The next launch's.
  const std::vector<KernelOperand> &next();

  /// Always the same ones, their output as it was at first.
  const std::vector<KernelOperand> &first();
  const float *output() const;
  int64_t outputElements() const { return outputs; }

private:
  std::vector<std::vector<float *>> copies; // per argument
  std::vector<KernelOperand> operands;
  size_t turn = 0;
  size_t outputArgument = 0;
  int64_t outputs = 0;
};

/// The lower quartile: noise only ever adds to a time, so that this is steadier than the median, and, unlike the least, no
/// accident. `times` is not empty.
double typicalTime(std::vector<double> times);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_TUNING_MEASURE_H
