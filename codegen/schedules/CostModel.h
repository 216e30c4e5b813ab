// The analytic model: what a schedule costs by registers and caches, and the best one by it, where no measurement is at hand.

#ifndef RESNET_CODEGEN_SCHEDULES_COSTMODEL_H
#define RESNET_CODEGEN_SCHEDULES_COSTMODEL_H

#include "codegen/KernelSpec.h"
#include <vector>

namespace resnet::codegen {

/// Cycles of one core for an image, filter from memory. `schedule` must pass checkSchedule. Ratios are what it is good for.
double estimateCycles(const KernelSpec &spec, const ConvSchedule &schedule);

/// The best schedule by the model, for any shape, never a failure.
ConvSchedule chooseSchedule(const KernelSpec &spec, bool allowWinograd);
ConvSchedule chooseDirectSchedule(const KernelSpec &spec);
/// The best one of those that compute the same bits as `other`, which is a schedule of `spec` at another batch.
ConvSchedule chooseScheduleLike(const KernelSpec &spec, const ConvSchedule &other);

struct RegisterTile {
  int64_t columns = 1, blocks = 1;
  double cycles = 0; // of the arithmetic of an image
};

/// Every register tile that a direct schedule can have, cheapest first; never empty.
std::vector<RegisterTile> rankDirectTiles(const KernelSpec &spec);

/// Whether the model streams the filter once, block by block, rather than rereading it for each band of rows.
bool streamsFilterOnce(const KernelSpec &spec);

/// The schedule with this tile and order, its tasks `taskScale` times as large as the model would have them.
ConvSchedule directSchedule(const KernelSpec &spec, const RegisterTile &tile, bool filterOutermost, double taskScale = 1);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_COSTMODEL_H
