// In units of a core that multiplies and adds two vectors a cycle, adds or loads two and stores one. Four parts: the products,
// the transforms of map and filter, and what the caches must deliver of the transformed operands.

#include "codegen/schedules/WinogradModel.h"
#include "codegen/schedules/Machine.h"
#include "codegen/schedules/ScheduleCheck.h"
#include "codegen/schedules/WinogradSchedule.h"
#include "codegen/schedules/WinogradTransform.h"
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

// Cycles of one vector of a two-dimensional transform: columns, then rows; each input is loaded and each output stored.
static double transformCycles(const Matrix &matrix) {
  const double in = matrix[0].size(), out = matrix.size(), arithmetic = (in + out) * additions(matrix) / 2;
  return std::max(arithmetic, out * out) + in * in / 2;
}

// Fitted to what was measured on Zen 4 (data/): the share of the filter's way through the caches that is waited for, the room
// that its transformed part takes with what is beside it, and the bytes that may be fetched ahead.
static constexpr double kExposed = 0.5, kBeside = 1.5, kFetchedAhead = 24 << 10;

double codegen::winogradCycles(const KernelSpec &spec, const ConvSchedule &s) {
  const Machine m = machineOf(spec.target);
  const WinogradTransform t = winogradTransform(static_cast<int>(s.outputTile), 3, static_cast<int>(spec.strides[0]));
  const double perPlane = t.points() * t.points(), weights = t.weights() * t.weights();
  const int64_t vectorsPerBlock = ceilDiv(kChannelBlock, m.lanes), inBlocks = spec.input.blocks(),
                outBlocks = spec.filter.outBlocks();
  const double channels = inBlocks * kChannelBlock, chunk = s.inputChannels ? s.inputChannels : channels,
               chunks = channels / chunk;

  // Tiles whose products are held at a time, in register tiles, and how many such groups an image has.
  const int64_t columns = ceilDiv(spec.output.width, s.outputTile), rows = ceilDiv(spec.output.height, s.outputTile);
  const double group = columns * s.tileRows * s.images, parts = std::ceil(group / s.tileColumns);
  const double groups = static_cast<double>(rows) / s.tileRows / s.images, tasks = outBlocks / s.tileBlocks;
  const int64_t vectors = s.tileBlocks * vectorsPerBlock;
  const double accumulators = s.tileColumns * vectors;
  // Sums are stored once, or loaded and stored for each chunk.
  const double step = chunk * stepCycles(m, s.tileColumns, vectors, 4 * chunk * s.tileBlocks * kChannelBlock);
  const double products = groups * parts * tasks * perPlane * chunks * (step + accumulators * (chunks > 1 ? 1.5 : 1));

  const double maps =
      groups * vectorsPerBlock *
      (parts * s.tileColumns * inBlocks * transformCycles(t.input) + group * outBlocks * transformCycles(t.output));
  const double repeats = 1.0 / s.images; // of the filter's transform, an image
  const double filter = repeats * channels * outBlocks * vectorsPerBlock * transformCycles(t.filter);

  // Transformed operands are written and read through the cache that holds them beside what else passes; arithmetic hides most of
  // it. So it does of the plain filter's stream from memory, if the part that is fetched ahead leaves room in L1.
  const double lines = 4 * kChannelBlock, partOfFilter = s.filterOutermost ? chunk * s.tileBlocks : channels * outBlocks;
  const double filterPart = weights * lines * partOfFilter, plainPart = 9 * lines * partOfFilter;
  const double filterBytes = weights * lines * channels * outBlocks;
  const double mapPart = 4 * perPlane * group * channels;
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
