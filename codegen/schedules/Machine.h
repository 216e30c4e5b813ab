// What schedules need to know of an instruction-set level: registers, vector width, caches, and what loops and caches sustain.

#ifndef RESNET_CODEGEN_SCHEDULES_MACHINE_H
#define RESNET_CODEGEN_SCHEDULES_MACHINE_H

#include "codegen/KernelSpec.h"

namespace resnet::codegen {

struct Machine {
  int registers;   // vector registers
  int lanes;       // f32 lanes of one
  bool fma;        // fused multiply-add; otherwise a multiplication and an addition through a temporary
  int64_t l2Bytes; // share of the L2 cache that a kernel may count on
};

/// Registers and caches of the smallest machine we tune for at each level (1 MB of L2 from Skylake-SP and Zen 4 on).
Machine machineOf(Target target);

/// Cycles of one step of the reduction over a register tile of columns x vectors, whose filter has partBytes in all.
double stepCycles(const Machine &machine, int64_t columns, int64_t vectors, double partBytes);

/// Cycles of one row of a filter of `taps` columns over a tile of `columns` sums, whose `inputs` are loaded and exchanged among
/// the lanes of groups of `width` channels once. All counts are of blocks, `vectors` each.
double laneGroupCycles(const Machine &machine, int64_t vectors, int64_t columns, int64_t inputs, int64_t taps, int64_t width);

/// Cycles to read `bytes` that were last used `bytes` ago: from L1, L2 or beyond.
double readCycles(const Machine &machine, double bytes);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_MACHINE_H
