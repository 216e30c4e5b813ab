// The table of instruction-set levels.

#include "codegen/halide/Machine.h"

using namespace resnet;
using namespace resnet::codegen;

Machine codegen::machineOf(Target target) {
  switch (target) {
  case Target::X86_64_v4:
    return {32, 16, true, 768 << 10};
  case Target::X86_64_v3:
    return {16, 8, true, 384 << 10};
  case Target::X86_64:
    return {16, 4, false, 384 << 10};
  }
  return {};
}

std::string codegen::halideTargetString(Target target, bool debug) {
  std::string s = "x86-64-linux";
  // avx512_skylake is F, CD, VL, BW, DQ: x86-64-v4. avx512_cannonlake would add IFMA and VBMI, which v4 does not promise.
  if (target == Target::X86_64_v4)
    s += "-avx-avx2-avx512-avx512_skylake-f16c-fma-sse41";
  else if (target == Target::X86_64_v3)
    s += "-avx-avx2-f16c-fma-sse41";
  s += "-no_runtime-user_context";
  return debug ? s : s + "-no_asserts-no_bounds_query";
}
