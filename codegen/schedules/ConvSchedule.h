// Algorithm and schedule of one convolution as data: what a database stores, a tuner varies and the kernel compiler obeys. The
// text form is part of a specification's text, so of symbols and cache keys. Plain C++.

#ifndef RESNET_CODEGEN_SCHEDULES_CONVSCHEDULE_H
#define RESNET_CODEGEN_SCHEDULES_CONVSCHEDULE_H

#include <cstdint>
#include <optional>
#include <string>

namespace resnet::codegen {

enum class ConvAlgorithm {
  Unset,    // not chosen yet: the kernel compiler takes the cost model's direct schedule
  Direct,   // the definition
  Winograd, // F(m x m, 3 x 3) of Lavin and Gray 2015, for 3x3 filters
};

/// Fields that the algorithm does not use keep their defaults.
struct ConvSchedule {
  ConvAlgorithm algorithm = ConvAlgorithm::Unset;

  /// Register tile. Direct: output columns times blocks of output channels. Winograd: tiles of the map times blocks of output
  /// channels in each product. All accumulators are in registers.
  int64_t tileColumns = 1, tileBlocks = 1;

  /// Direct: a task computes tilesPerTask x rowsPerTask tiles; both divide their totals. A task of a filter that stays in cache
  /// computes all blocks of channels there, so that rows are read once; otherwise one tile's blocks, so that the filter is
  /// streamed once (filterOutermost). Winograd: see below for filterOutermost.
  int64_t tilesPerTask = 1, rowsPerTask = 1;
  bool filterOutermost = false;

  /// Winograd: m, the outputs of a tile in each direction (2, 4 or 6).
  int64_t outputTile = 0;
  /// Winograd: the map is cut into as few tiles of at most m outputs as it takes, of nearly one size, instead of tiles of m that
  /// pass its edges (WinogradTiles.h). tileRows covers the map.
  bool mixedTiles = false;
  /// Winograd: rows of tiles whose products are held at a time (filterOutermost: for one group of output blocks, else for all of
  /// them); divides the map's rows of tiles.
  int64_t tileRows = 1;
  /// Winograd: images whose tiles are flattened into one product; divides the specification's batch. More than one only where
  /// tileRows covers the map.
  int64_t images = 1;
  /// Winograd with filterOutermost and tileRows that cover the map: input channels whose filters are transformed at a time, so
  /// that they are still in cache when they are multiplied; 0: all. A part of a block or whole blocks, and divides their total.
  int64_t inputChannels = 0;

  bool operator==(const ConvSchedule &) const = default;
};

/// Whether two schedules of one convolution give the same bits. Every sum runs in the order of the input channels, and direct
/// ones are seen to be the same in every schedule; Winograd's code for another register tile or part of the filter may associate
/// additions otherwise, so those must be equal.
bool computesSameBits(const ConvSchedule &a, const ConvSchedule &b);

/// "direct tile=14x2 rows=4 tiles=1 filter_outermost", "winograd4 tile=7x4 ..."; "" where unset.
std::string toString(const ConvSchedule &schedule);

/// The reverse; nothing where the text is not of that form. Values are checked for range, not against a shape.
std::optional<ConvSchedule> parseConvSchedule(const std::string &text);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_CONVSCHEDULE_H
