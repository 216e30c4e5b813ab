// The table of instruction-set levels.

#include "codegen/schedules/Machine.h"

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
