// Schedule parameters of a convolution as data, and the analytic model that picks them. No Halide here: a tuner may fill the
// struct from measurements instead.

#ifndef RESNET_CODEGEN_HALIDE_CONVSCHEDULE_H
#define RESNET_CODEGEN_HALIDE_CONVSCHEDULE_H

#include "codegen/KernelSpec.h"

namespace resnet::codegen {

struct ConvSchedule {
  /// Register tile: output columns times blocks of output channels, all accumulators in registers.
  int64_t tileColumns = 1, tileBlocks = 1;
  /// A task computes tilesPerTask x rowsPerTask tiles; both divide their totals. A task of a filter that stays in cache computes
  /// all blocks of channels there, so that rows are read once; otherwise one tile's blocks, so that the filter is streamed once.
  int64_t tilesPerTask = 1, rowsPerTask = 1;
  bool filterOutermost = false;

  int64_t tiles(int64_t width) const { return ceilDiv(width, tileColumns); }
};

/// The default: a schedule for any shape, never a failure.
ConvSchedule chooseConvSchedule(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_CONVSCHEDULE_H
