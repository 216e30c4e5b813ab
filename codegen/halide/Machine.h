// What schedules need to know of an instruction-set level: registers, vector width, and how Halide spells it. No Halide here.

#ifndef RESNET_CODEGEN_HALIDE_MACHINE_H
#define RESNET_CODEGEN_HALIDE_MACHINE_H

#include "codegen/KernelSpec.h"
#include <string>

namespace resnet::codegen {

struct Machine {
  int registers;   // vector registers
  int lanes;       // f32 lanes of one
  bool fma;        // fused multiply-add; otherwise a multiplication and an addition through a temporary
  int64_t l2Bytes; // share of the L2 cache that a kernel may count on
};

/// Registers and caches of the smallest machine we tune for at each level (1 MB of L2 from Skylake-SP and Zen 4 on).
Machine machineOf(Target target);

/// Halide's features for exactly the psABI level: never "host", never more than the level promises.
std::string halideTargetString(Target target, bool debug);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_MACHINE_H
