// Rules and candidates of Winograd schedules.

#include "codegen/schedules/WinogradSchedule.h"
#include "codegen/schedules/ScheduleCheck.h"
#include "codegen/schedules/WinogradModel.h"
#include "codegen/schedules/WinogradTiles.h"
#include <algorithm>

using namespace resnet;
using namespace resnet::codegen;

bool resnet::codegen::supportsWinograd(const KernelSpec &s) {
  const FilterGeometry &f = s.filter;
  return s.kind == KernelKind::Conv2d && f.kernelHeight == 3 && f.kernelWidth == 3 && f.groups == 1 &&
         s.strides[0] == s.strides[1] && s.strides[0] <= 2 && s.dilations == std::array<int64_t, 2>{1, 1} &&
         s.input.block == kChannelBlock && s.output.block == kChannelBlock && f.block == kChannelBlock &&
         f.inputBlock == kChannelBlock;
}

namespace {

struct Grid {
  int64_t columns, rows;
};

Grid tiles(const KernelSpec &s, int64_t outputTile) {
  return {ceilDiv(s.output.width, outputTile), ceilDiv(s.output.height, outputTile)};
}

} // namespace

std::string resnet::codegen::checkWinograd(const KernelSpec &s) {
  const ConvSchedule &p = s.schedule;
  if (!supportsWinograd(s))
    return "Winograd is for 3x3 filters with stride 1 or 2, undilated and ungrouped, over channels in blocks of 16";
  if (p.outputTile != 2 && p.outputTile != 4 && p.outputTile != 6)
    return "Winograd's output tile is 2, 4 or 6";
  if (p.tilesPerTask != 1 || p.rowsPerTask != 1)
    return "expected a Winograd schedule without the tasks of a direct one, got '" + toString(p) + "'";
  if (p.mixedTiles && s.output.width % p.outputTile == 0 && s.output.height % p.outputTile == 0)
    return "mixed_tiles are for maps that tiles of " + std::to_string(p.outputTile) + " do not divide";
  const Grid grid = tiles(s, p.outputTile);
  if (p.mixedTiles && p.tileRows != grid.rows)
    return "mixed_tiles need tile_rows that cover the map's " + std::to_string(grid.rows) + " rows of tiles";
  if (grid.rows % p.tileRows != 0)
    return "tile_rows does not divide the map's " + std::to_string(grid.rows) + " rows of tiles";
  if (p.images > 1 && (p.tileRows != grid.rows || s.batch % p.images != 0 || s.batch == 0))
    return "images of one product need tile_rows that cover the map and a batch that they divide";
  if (p.tileColumns > grid.columns * p.tileRows * p.images)
    return "the register tile is larger than a group of tiles";
  if (s.filter.outBlocks() % p.tileBlocks != 0)
    return "the register tile does not divide the " + std::to_string(s.filter.outBlocks()) + " blocks of output channels";
  if (p.inputChannels) {
    if (!p.filterOutermost || p.tileRows != grid.rows)
      return "input_channels needs filter_outermost and tile_rows that cover the map";
    const int64_t channels = s.input.blocks() * kChannelBlock;
    const bool part = p.inputChannels < kChannelBlock;
    if (channels % p.inputChannels != 0 || (part ? kChannelBlock % p.inputChannels : p.inputChannels % kChannelBlock) != 0)
      return "input_channels divides neither a block nor the channels in whole blocks";
  }
  return "";
}

// Widths of the register tile that waste least, widest first among equals: a group's last part is computed in full.
static std::vector<int64_t> tileWidths(const KernelSpec &s, int64_t tileBlocks) {
  ConvSchedule p = s.schedule;
  const WinogradTiles tiles(s, p);
  const int64_t group = tiles.x.tiles() * p.tileRows * p.images;
  p.tileColumns = 1;
  const double least = static_cast<double>(tiles.parts(p));
  std::vector<std::pair<double, int64_t>> ranked;
  for (int64_t &width = p.tileColumns; width <= group && fitsRegisters(s, width, tileBlocks); ++width) {
    // Loads beside the arithmetic: an accumulator costs more in a narrow tile.
    const double waste = static_cast<double>(tiles.parts(p) * width) / least;
    const double loads = 1 + 0.25 / static_cast<double>(width) + 0.25 / static_cast<double>(tileBlocks);
    ranked.push_back({waste * loads, width});
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<int64_t> widths;
  for (size_t i = 0; i < ranked.size() && i < 2; ++i)
    widths.push_back(ranked[i].second);
  return widths;
}

namespace {

class WinogradCandidates {
public:
  explicit WinogradCandidates(const KernelSpec &spec) : s(spec) {}

  std::vector<ConvSchedule> all;

  void addTile(int64_t m) {
    start(m, /*mixed=*/false);
    // The filter in cache, rows of tiles outermost: products of 8 to 64 tiles at a time.
    const Grid grid = tiles(s, m);
    for (p.tileRows = 1; p.tileRows <= grid.rows; ++p.tileRows)
      if (const int64_t group = grid.columns * p.tileRows; group <= 64 && (group >= 8 || p.tileRows == grid.rows))
        addWidths();
    addStreams(m);
  }

  void addMixed(int64_t m) {
    start(m, /*mixed=*/true);
    addStreams(m);
  }

private:
  void start(int64_t m, bool mixed) {
    p = ConvSchedule{};
    p.algorithm = ConvAlgorithm::Winograd;
    p.outputTile = m;
    p.mixedTiles = mixed;
  }

  // The filter streams: all of the map's tiles, of as many images as there are, for some output blocks.
  void addStreams(int64_t m) {
    const Grid grid = tiles(s, m);
    p.filterOutermost = true;
    p.tileRows = grid.rows;
    for (p.images = 1; p.images <= std::max<int64_t>(1, s.batch); ++p.images) {
      if (p.images > 1 && grid.columns * grid.rows * p.images > 128)
        break;
      for (int64_t channels : {0, 8, 16, 32, 64, 128}) {
        p.inputChannels = channels;
        addWidths();
      }
    }
  }

  void addWidths() {
    for (int64_t blocks : {1, 2, 4})
      for (int64_t width : tileWidths(s, blocks)) {
        p.tileBlocks = blocks, p.tileColumns = width;
        if (checkWinograd(s).empty() && std::find(all.begin(), all.end(), p) == all.end())
          all.push_back(p);
      }
  }

  KernelSpec s;
  ConvSchedule &p = s.schedule;
};

} // namespace

std::vector<ConvSchedule> resnet::codegen::winogradCandidates(const KernelSpec &spec) {
  if (!supportsWinograd(spec))
    return {};
  WinogradCandidates candidates(spec);
  candidates.addTile(2);
  candidates.addTile(4);
  candidates.addMixed(4);
  return candidates.all;
}
