// Direct convolutions: cycles of a register tile's inner loop by its tightest resource, times the number of tiles, waste
// included; then what the caches must deliver again because of the order of loops, and the tasks.

#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/Machine.h"
#include "codegen/schedules/ScheduleCheck.h"
#include "codegen/schedules/WinogradModel.h"
#include <algorithm>
#include <tuple>

using namespace resnet;
using namespace resnet::codegen;

// Share of the caches' cycles that arithmetic does not hide, and what handing out a task costs.
static constexpr double kExposedTraffic = 0.3, kTaskCycles = 100;

// Largest divisor of total that is at most `limit`, at least 1.
static int64_t divisorUpTo(int64_t total, double limit) {
  int64_t best = 1;
  for (int64_t d = 1; d <= total && d <= limit; ++d)
    if (total % d == 0)
      best = d;
  return best;
}

static int64_t reductionSteps(const FilterGeometry &f) { return f.window() * f.kernelHeight * f.kernelWidth; }

static double arithmeticCycles(const KernelSpec &spec, int64_t columns, int64_t blocks, const Machine &m) {
  const FilterGeometry &f = spec.filter;
  const int64_t steps = reductionSteps(f), vectors = blocks * ceilDiv(f.block, m.lanes);
  double sums;
  if (readsOwnLanes(spec)) {
    const int64_t inputs = (columns - 1) * std::min(spec.strides[1], f.kernelWidth) + f.kernelWidth;
    sums = f.kernelHeight * laneGroupCycles(m, vectors, columns, inputs, f.kernelWidth, f.laneGroup());
  } else {
    sums = steps * stepCycles(m, columns, vectors, 4.0 * steps * blocks * f.block);
  }
  // Prologue and epilogue of a tile: each accumulator is set, finished and stored.
  const double tile = sums + 2.0 * columns * vectors + 20;
  return tile * ceilDiv(spec.output.width, columns) * spec.output.height * (f.outBlocks() / blocks);
}

static double arithmeticCycles(const KernelSpec &spec, int64_t columns, int64_t blocks) {
  const double cycles = arithmeticCycles(spec, columns, blocks, machineOf(spec.target));
  // A processor of twice the width that OpenCL's tiles must fit may run them as well: what keeps it busy, too, is better. Tiles
  // of 6x1 reach 65% of a Zen 3 core's peak in PoCL, tiles of 4x1 nearly as much (ResNet-50's layers at 28x28,
  // resnet-kernel-bench), but these would leave half of an AVX-512 core's units waiting.
  return spec.target == Target::OpenCL ? cycles + 2 * arithmeticCycles(spec, columns, blocks, machineOf(Target::X86_64_v4))
                                       : cycles;
}

std::vector<RegisterTile> codegen::rankDirectTiles(const KernelSpec &spec) {
  std::vector<RegisterTile> tiles;
  const int64_t outBlocks = spec.filter.outBlocks();
  for (int64_t blocks = 1; blocks <= outBlocks; ++blocks) {
    if (outBlocks % blocks != 0 || !blocksShareInput(spec.filter, blocks)) // a remainder would be computed twice
      continue;
    for (int64_t columns = 1; columns <= spec.output.width && fitsRegisters(spec, columns, blocks); ++columns)
      tiles.push_back({columns, blocks, arithmeticCycles(spec, columns, blocks)});
  }
  std::sort(tiles.begin(), tiles.end(), [](const RegisterTile &a, const RegisterTile &b) {
    return std::tie(a.cycles, a.blocks, a.columns) < std::tie(b.cycles, b.blocks, b.columns);
  });
  return tiles;
}

bool codegen::streamsFilterOnce(const KernelSpec &spec) {
  // A filter that does not stay in L2 beside the maps is streamed once, block by block; any other is cheaper to reread than
  // the rows.
  return spec.filter.packedBytes() > machineOf(spec.target).l2Bytes / 2 && !spec.filter.laneGroup();
}

ConvSchedule codegen::directSchedule(const KernelSpec &spec, const RegisterTile &tile, bool filterOutermost, double taskScale) {
  const FilterGeometry &f = spec.filter;
  const int64_t width = spec.output.width, height = spec.output.height, blocks = f.outBlocks(), steps = reductionSteps(f);
  ConvSchedule s;
  s.algorithm = ConvAlgorithm::Direct;
  s.tileColumns = tile.columns;
  s.tileBlocks = tile.blocks;
  s.filterOutermost = filterOutermost;
  // Sixteen tasks at least, so that contiguous ranges balance on 2, 3 or 4 threads, of 1 to 8 us (at 250 GFLOPS): far above the
  // cost of handing one out.
  const double perTile = 2.0 * steps * f.block * s.tileColumns * (filterOutermost ? s.tileBlocks : blocks);
  const int64_t tiles = ceilDiv(width, s.tileColumns);
  const double total = 2.0 * steps * f.block * blocks * width * height;
  const double perTask = std::clamp(total / 16, 2.5e5, 2e6) * taskScale;
  s.tilesPerTask = height > 1 ? tiles : divisorUpTo(tiles, perTask / perTile);
  s.rowsPerTask = divisorUpTo(height, perTask / (perTile * tiles));
  return s;
}

ConvSchedule codegen::chooseDirectSchedule(const KernelSpec &spec) {
  return directSchedule(spec, rankDirectTiles(spec).front(), streamsFilterOnce(spec));
}

// Cycles in which the caches deliver what the order of loops reads again, and a task's own cost.
static double directTraffic(const KernelSpec &spec, const ConvSchedule &s) {
  const Machine m = machineOf(spec.target);
  const FilterGeometry &f = spec.filter;
  const double groups = static_cast<double>(f.outBlocks()) / s.tileBlocks;
  const double tasks = static_cast<double>(ceilDiv(spec.output.width, s.tileColumns)) / s.tilesPerTask *
                       (static_cast<double>(spec.output.height) / s.rowsPerTask);
  const double filter = f.packedBytes(), input = spec.input.imageBytes();
  // A task's rows, those it shares with its neighbours included.
  const double rows =
      static_cast<double>((s.rowsPerTask - 1) * spec.strides[0] + f.kernelHeight) / (spec.output.height * spec.strides[0]);
  const double band = input * std::min(1.0, rows) * s.tilesPerTask * s.tileColumns / spec.output.width;
  double cycles;
  if (s.filterOutermost) // each group of blocks reads the whole map
    cycles = groups * readCycles(m, input) + readCycles(m, filter);
  else // each task reads the whole filter, and its band for each group
    cycles = readCycles(m, input) + tasks * ((groups - 1) * readCycles(m, band) + readCycles(m, filter));
  return kExposedTraffic * cycles + kTaskCycles * tasks * (s.filterOutermost ? groups : 1);
}

double codegen::estimateCycles(const KernelSpec &spec, const ConvSchedule &schedule) {
  if (schedule.algorithm == ConvAlgorithm::Winograd)
    return winogradCycles(spec, schedule);
  return arithmeticCycles(spec, schedule.tileColumns, schedule.tileBlocks) + directTraffic(spec, schedule);
}

ConvSchedule codegen::chooseSchedule(const KernelSpec &spec, bool allowWinograd) {
  const ConvSchedule direct = chooseDirectSchedule(spec);
  const std::optional<ConvSchedule> winograd = allowWinograd ? chooseWinogradSchedule(spec) : std::nullopt;
  return winograd && estimateCycles(spec, *winograd) < estimateCycles(spec, direct) ? *winograd : direct;
}

ConvSchedule codegen::chooseScheduleLike(const KernelSpec &spec, const ConvSchedule &other) {
  if (other.algorithm != ConvAlgorithm::Winograd)
    return chooseDirectSchedule(spec);
  ConvSchedule best = other;
  KernelSpec scheduled = spec;
  scheduled.schedule = other;
  for (int64_t &images = scheduled.schedule.images; images <= spec.batch; ++images)
    if (checkSchedule(scheduled).empty() && estimateCycles(spec, scheduled.schedule) < estimateCycles(spec, best))
      best = scheduled.schedule;
  return best;
}
