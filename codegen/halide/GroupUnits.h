// What a task of group normalisation has at a time.

#ifndef RESNET_CODEGEN_HALIDE_GROUPUNITS_H
#define RESNET_CODEGEN_HALIDE_GROUPUNITS_H

#include "codegen/KernelSpec.h"
#include <numeric>

namespace resnet::codegen {

/// The least number of blocks of channels that holds whole groups, or all channels of an image where units do not fill the
/// blocks.
struct GroupUnits {
  int block, perGroup; // channels of a block, of a group
  int blocks, groups;  // of a unit

  explicit GroupUnits(const KernelSpec &s)
      : block(static_cast<int>(s.input.block)), perGroup(static_cast<int>(s.input.channels / s.normGroups)),
        blocks(std::lcm(perGroup, block) / block), groups(blocks * block / perGroup) {
    if (s.input.blocks() % blocks != 0) {
      blocks = static_cast<int>(s.input.blocks());
      groups = static_cast<int>(s.normGroups);
    }
  }
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_GROUPUNITS_H
