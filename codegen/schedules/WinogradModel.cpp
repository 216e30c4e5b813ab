// Four parts: the products in the transformed domain, the transforms of maps, the filter's transform, and what the caches must
// deliver of the transformed map and filter.

#include "codegen/schedules/WinogradModel.h"
#include "codegen/schedules/Machine.h"
#include "codegen/schedules/ScheduleCheck.h"
#include <algorithm>

using namespace resnet;
using namespace resnet::codegen;

namespace {

// Additions and multiplications of the three transforms of one tile and channel: F(2,3) and F(4,3) as Lavin and Gray (2015) count
// them, F(6,3) by the same factorisation into even and odd parts.
struct TransformOps {
  double input, filter, output;
};

TransformOps transformOps(int64_t outputTile) {
  switch (outputTile) {
  case 2:
    return {32, 28, 24};
  case 4:
    return {144, 72, 100};
  default:
    return {360, 160, 230};
  }
}

// Operations a cycle that a transform sustains: half of them are loads and stores of scratch.
constexpr double kTransformOpsPerCycle = 1;

std::vector<int64_t> divisors(int64_t total) {
  std::vector<int64_t> all;
  for (int64_t d = 1; d <= total; ++d)
    if (total % d == 0)
      all.push_back(d);
  return all;
}

int64_t tilesAcross(int64_t extent, int64_t outputTile) { return ceilDiv(extent, outputTile); }

} // namespace

double codegen::winogradCycles(const KernelSpec &spec, const ConvSchedule &s) {
  const Machine m = machineOf(spec.target);
  const FilterGeometry &f = spec.filter;
  const TransformOps ops = transformOps(s.outputTile);
  const int64_t points = (s.outputTile + 2) * (s.outputTile + 2), window = f.window();
  const int64_t tileRows = tilesAcross(spec.output.height, s.outputTile), inRow = tilesAcross(spec.output.width, s.outputTile);
  const double outChannels = f.outBlocks() * f.block;

  // Tiles whose products are held at a time, and how many such groups an image has.
  const int64_t grouped = s.tileRows * inRow * s.images;
  const double groups = static_cast<double>(ceilDiv(tileRows, s.tileRows)) / s.images;
  const int64_t vectors = s.tileBlocks * ceilDiv(f.block, m.lanes);
  const double partBytes = 4.0 * window * s.tileBlocks * f.block;
  const double products = groups * ceilDiv(grouped, s.tileColumns) * (f.outBlocks() / s.tileBlocks) * points *
                          (window * stepCycles(m, s.tileColumns, vectors, partBytes) + 2.0 * s.tileColumns * vectors);

  const double tiles = groups * grouped;
  const double maps = tiles * (window * ops.input + outChannels * ops.output) / m.lanes / kTransformOpsPerCycle;

  // Without filterOutermost each group of tiles transforms the filter anew.
  const double repeats = s.filterOutermost ? 1.0 / s.images : groups;
  const double filter = repeats * window * outChannels * ops.filter / m.lanes / kTransformOpsPerCycle;

  const double transformed = 4.0 * points * grouped * window; // of a group of tiles
  const double traffic = groups * (f.outBlocks() / s.tileBlocks) * readCycles(m, transformed) +
                         repeats * readCycles(m, static_cast<double>(f.packedBytes()));
  return products + maps + filter + traffic;
}

std::optional<ConvSchedule> codegen::chooseWinogradSchedule(const KernelSpec &spec) {
  if (spec.filter.kernelHeight != 3 || spec.filter.kernelWidth != 3 || spec.strides != std::array<int64_t, 2>{1, 1})
    return std::nullopt;
  std::optional<ConvSchedule> best;
  double bestCycles = 0;
  KernelSpec scheduled = spec;
  const auto consider = [&](const ConvSchedule &candidate) {
    const double cycles = winogradCycles(spec, candidate);
    if (best && cycles >= bestCycles)
      return;
    scheduled.schedule = candidate;
    if (!checkSchedule(scheduled).empty())
      return;
    best = candidate;
    bestCycles = cycles;
  };
  for (const int64_t outputTile : {2, 4}) {
    const int64_t rows = tilesAcross(spec.output.height, outputTile), inRow = tilesAcross(spec.output.width, outputTile);
    ConvSchedule s;
    s.algorithm = ConvAlgorithm::Winograd;
    s.outputTile = outputTile;
    consider(s);
    if (!best) // not even a tile at a time
      continue;
    for (const int64_t tileRows : divisors(rows))
      for (const int64_t tileBlocks : divisors(spec.filter.outBlocks()))
        for (int64_t tileColumns = 1; tileColumns <= tileRows * inRow && fitsRegisters(spec, tileColumns, tileBlocks);
             ++tileColumns)
          for (const bool outermost : {false, true}) {
            s.tileRows = tileRows;
            s.tileBlocks = tileBlocks;
            s.tileColumns = tileColumns;
            s.filterOutermost = outermost;
            consider(s);
          }
  }
  return best;
}
