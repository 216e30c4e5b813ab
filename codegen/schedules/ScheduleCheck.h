// Which schedules a kernel can have: a database may be older than the compiler, and a user may write one by hand.

#ifndef RESNET_CODEGEN_SCHEDULES_SCHEDULECHECK_H
#define RESNET_CODEGEN_SCHEDULES_SCHEDULECHECK_H

#include "codegen/KernelSpec.h"

namespace resnet::codegen {

/// One line on the first thing in spec.schedule that no kernel of `spec` (a convolution) can have; empty if there is none. Unset
/// is such a thing.
std::string checkSchedule(const KernelSpec &spec);

/// Blocks of a tile share the broadcast input, so they must read the same input channels.
bool blocksShareInput(const FilterGeometry &filter, int64_t tileBlocks);

/// Whether each lane of the sums reads its own block of the input: narrow groups, depthwise ones included.
bool readsOwnLanes(const KernelSpec &spec);

/// Whether accumulators, filter and one broadcast of a register tile are in the target's registers together.
bool fitsRegisters(const KernelSpec &spec, int64_t tileColumns, int64_t tileBlocks);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_SCHEDULECHECK_H
