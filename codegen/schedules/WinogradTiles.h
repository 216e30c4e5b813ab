// How a Winograd convolution cuts the axes of its map into tiles: what kernels loop over, and what estimates and tests count.
// Plain C++.

#ifndef RESNET_CODEGEN_SCHEDULES_WINOGRADTILES_H
#define RESNET_CODEGEN_SCHEDULES_WINOGRADTILES_H

#include "codegen/KernelSpec.h"
#include "codegen/schedules/WinogradTransform.h"

namespace resnet::codegen {

/// Neighbouring tiles of one size.
struct TileRun {
  WinogradTransform t;
  int count, first, start; // tiles, the index of the first one, and its first output
  std::vector<int> points; // those of the axis's largest transform that t has
};

/// One axis. Transforms of fewer outputs have some of the points of larger ones, with the same weights: all tiles share the
/// filter that is transformed for the largest, and a point is computed for the tiles that have it. Larger tiles come first, so
/// that these are the first ones.
struct WinogradAxis {
  std::vector<TileRun> runs;
  std::vector<int> tilesAt; // for each point of the largest transform

  const WinogradTransform &largest() const { return runs.front().t; }
  int tiles() const { return runs.back().first + runs.back().count; }
  /// Outputs that are computed: behind the last of the map there are some where equal tiles do not divide it.
  int outputs() const { return runs.back().start + runs.back().count * runs.back().t.outputs; }
  /// Products of all tiles.
  int products() const;
};

/// Tiles of outputTile outputs, or with mixedTiles as many tiles, of sizes that differ by one at most: 14 outputs are 4 + 4 + 4 +
/// 2 of 4 or 4 + 4 + 3 + 3.
WinogradAxis winogradAxis(int64_t outputs, const ConvSchedule &schedule, int stride);

/// Both axes of a convolution's map.
struct WinogradTiles {
  WinogradAxis x, y;

  WinogradTiles(const KernelSpec &spec, const ConvSchedule &schedule);
  /// Register tiles of one group of rows of tiles, over all points.
  int64_t parts(const ConvSchedule &schedule) const;
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_WINOGRADTILES_H
