// In units of a core that multiplies and adds two vectors a cycle, adds or loads two and stores one. Four parts: the products,
// the transforms of map and filter, and what the caches must deliver of the transformed operands.

#include "codegen/schedules/WinogradModel.h"
#include "codegen/schedules/Machine.h"
#include "codegen/schedules/ScheduleCheck.h"
#include "codegen/schedules/WinogradSchedule.h"
#include "codegen/schedules/WinogradTiles.h"
#include <cmath>

using namespace resnet;
using namespace resnet::codegen;

// Additions of matrix * vector; points x and -x share a part of theirs, about a third of all.
static double additions(const Matrix &matrix) {
  double sum = 0;
  for (const std::vector<double> &row : matrix) {
    double terms = -1;
    for (double x : row)
      terms += x != 0;
    sum += std::max(0.0, terms);
  }
  return sum * 2 / 3;
}

// Cycles of one vector of a two-dimensional transform, along x and then along y; each input is loaded and each output stored.
static double transformCycles(const Matrix &x, const Matrix &y) {
  const double inX = x[0].size(), inY = y[0].size(), outX = x.size(), outY = y.size();
  const double arithmetic = (inY * additions(x) + outX * additions(y)) / 2;
  return std::max(arithmetic, outX * outY) + inX * inY / 2;
}

// Of one group of tiles, by block of channels: V, and the outputs.
static std::pair<double, double> mapCycles(const WinogradTiles &tiles, const ConvSchedule &s) {
  double input = 0, output = 0;
  for (const TileRun &rows : tiles.y.runs)
    for (const TileRun &columns : tiles.x.runs) {
      const double count = static_cast<double>(columns.count) * rows.count * s.tileRows / tiles.y.tiles() * s.images;
      // Equal tiles: the last part is filled with copies. Mixed ones: outputs are stored twice.
      const double transformed = s.mixedTiles ? count : std::ceil(count / s.tileColumns) * s.tileColumns;
      const double again = s.mixedTiles ? columns.t.outputs * rows.t.outputs : 0;
      input += transformed * transformCycles(columns.t.input, rows.t.input);
      output += count * (transformCycles(columns.t.output, rows.t.output) + again);
    }
  return {input, output};
}

// Fitted to what was measured on Zen 4 (data/): the share of the filter's way through the caches that is waited for, the room
// that its transformed part takes with what is beside it, and the bytes that may be fetched ahead.
static constexpr double kExposed = 0.5, kBeside = 1.5, kFetchedAhead = 24 << 10;

double codegen::winogradCycles(const KernelSpec &spec, const ConvSchedule &s) {
  const Machine m = machineOf(spec.target);
  const WinogradTiles tiles(spec, s);
  const WinogradTransform &x = tiles.x.largest(), &y = tiles.y.largest();
  const double weights = x.weights() * y.weights();
  const int64_t vectorsPerBlock = ceilDiv(kChannelBlock, m.lanes), inBlocks = spec.input.blocks(),
                outBlocks = spec.filter.outBlocks();
  const double channels = inBlocks * kChannelBlock, chunk = s.inputChannels ? s.inputChannels : channels,
               chunks = channels / chunk;

  // Tiles whose products are held at a time, in register tiles, and how many such groups an image has.
  const double groups = static_cast<double>(tiles.y.tiles()) / s.tileRows / s.images, tasks = outBlocks / s.tileBlocks;
  const int64_t vectors = s.tileBlocks * vectorsPerBlock;
  const double accumulators = s.tileColumns * vectors;
  // Sums are stored once, or loaded and stored for each chunk.
  const double step = chunk * stepCycles(m, s.tileColumns, vectors, 4 * chunk * s.tileBlocks * kChannelBlock);
  const double products = groups * tiles.parts(s) * tasks * chunks * (step + accumulators * (chunks > 1 ? 1.5 : 1));

  const auto [input, output] = mapCycles(tiles, s);
  const double maps = groups * vectorsPerBlock * (inBlocks * input + outBlocks * output);
  const double repeats = 1.0 / s.images; // of the filter's transform, an image
  const double filter = repeats * channels * outBlocks * vectorsPerBlock * transformCycles(x.filter, y.filter);

  // Transformed operands are written and read through the cache that holds them beside what else passes; arithmetic hides most of
  // it. So it does of the plain filter's stream from memory, if the part that is fetched ahead leaves room in L1.
  const double lines = 4 * kChannelBlock, partOfFilter = s.filterOutermost ? chunk * s.tileBlocks : channels * outBlocks;
  const double filterPart = weights * lines * partOfFilter, plainPart = 9 * lines * partOfFilter;
  const double filterBytes = weights * lines * channels * outBlocks;
  const double mapPart = 4 * channels * tiles.x.products() * tiles.y.products() / groups;
  const double stream = plainPart <= kFetchedAhead ? kExposed : 1;
  const double traffic = repeats * kExposed * filterBytes / filterPart * readCycles(m, kBeside * filterPart) / kBeside +
                         groups * tasks * readCycles(m, mapPart) +
                         repeats * stream * readCycles(m, static_cast<double>(spec.filter.packedBytes()));
  return products + maps + filter + traffic;
}

std::optional<ConvSchedule> codegen::chooseWinogradSchedule(const KernelSpec &spec) {
  std::optional<ConvSchedule> best;
  double bestCycles = 0;
  for (const ConvSchedule &candidate : winogradCandidates(spec)) {
    const double cycles = winogradCycles(spec, candidate);
    if (best && cycles >= bestCycles)
      continue;
    best = candidate;
    bestCycles = cycles;
  }
  return best;
}
