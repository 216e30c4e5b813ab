// The table of instruction-set levels, and the rates that the cost model builds on.

#include "codegen/schedules/Machine.h"
#include <algorithm>

using namespace resnet;
using namespace resnet::codegen;

Machine codegen::machineOf(Target target) {
  switch (target) {
  case Target::X86_64_v4:
  case Target::Cuda:
    return {32, 16, true, 768 << 10};
  case Target::OpenCL: // PoCL compiles for the processor at hand; the smaller one's registers must do
  case Target::X86_64_v3:
    return {16, 8, true, 384 << 10};
  case Target::X86_64:
    return {16, 4, false, 384 << 10};
  }
  return {};
}

// Two multiply-adds and two loads a cycle, latency 4: every core of the last ten years at its own vector width.
static constexpr double kFmaPerCycle = 2, kLoadsPerCycle = 2, kFmaLatency = 4;

// Bytes a cycle at which something of this size can be streamed again: L2 feeds 4x4 tiles at 32 without loss (measured on Zen 5),
// what does not stay there comes at about 12, and L1 is no limit beyond the loads themselves.
static double bytesPerCycle(const Machine &m, double bytes) {
  if (bytes <= 24 << 10)
    return 128;
  return bytes <= m.l2Bytes * 0.75 ? 32 : 12;
}

double codegen::stepCycles(const Machine &m, int64_t columns, int64_t vectors, double partBytes) {
  const double accumulators = columns * vectors, loads = columns + vectors;
  const double arithmetic = accumulators / kFmaPerCycle * (m.fma ? 1 : 2);
  const double stream = vectors * m.lanes * 4 / bytesPerCycle(m, partBytes);
  // A loop at its latency bound runs below it (measured: 8 accumulators reach 90% of what 12 do).
  const double latency = kFmaLatency * 1.1;
  return std::max({arithmetic, loads / kLoadsPerCycle, stream, latency}) + 0.25; // a quarter cycle of loop overhead
}

double codegen::laneGroupCycles(const Machine &m, int64_t vectors, int64_t columns, int64_t inputs, int64_t taps, int64_t width) {
  const double products = columns * taps * width, filters = taps * width;
  // An exchange takes the place of half a multiply-add. LLVM holds exchanged inputs rather than exchange them again, and spills.
  // The share is fitted: on Zen 4 14 columns win over 7 with stride 1 and up to 4 channels a group (93 and 90% of peak), and lose
  // with stride 2 (64 and 79%) or 8 channels (80 and 88%).
  const double arithmetic = (products * (m.fma ? 1 : 2) + inputs * (width - 1) * 0.5) / kFmaPerCycle;
  const double spilled = std::max<double>(0, (columns + inputs * width) * vectors - 1.5 * m.registers) / 3;
  return std::max({arithmetic * vectors, (inputs + filters) * vectors / kLoadsPerCycle, filters * kFmaLatency * 1.1}) + spilled;
}

double codegen::readCycles(const Machine &m, double bytes) { return bytes / bytesPerCycle(m, bytes); }
