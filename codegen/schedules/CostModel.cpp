// The cost model: cycles of a register tile's inner loop by its tightest resource, times the number of tiles, waste included.

#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/Machine.h"
#include <algorithm>

using namespace resnet;
using namespace resnet::codegen;

// Two multiply-adds and two loads a cycle, latency 4: every core of the last ten years at its own vector width.
static constexpr double kFmaPerCycle = 2, kLoadsPerCycle = 2, kFmaLatency = 4;

// Blocks of a tile share the broadcast input, so they must read the same input channels.
static bool blocksShareInput(const FilterGeometry &f, int64_t tileBlocks) {
  return tileBlocks == 1 || (!f.isDepthwise() && (f.groups == 1 || f.outChannelsPerGroup() % (tileBlocks * f.block) == 0));
}

// Accumulators, the filter's vectors and one broadcast must be registers together: a spilled accumulator halves the speed.
static bool fits(const Machine &m, int64_t columns, int64_t vectors, bool depthwise) {
  const int64_t accumulators = columns * vectors;
  if (depthwise) // one filter vector, one input vector
    return accumulators + 2 <= m.registers;
  // Without FMA the filter's vector is multiplied in a temporary, straight from memory.
  return accumulators + (m.fma ? vectors : 1) + 1 <= m.registers;
}

// Bytes a cycle at which a tile can stream its filter: L2 feeds 4x4 tiles at 32 without loss (measured on Zen 5), what does not
// stay there comes at about 12, and L1 is no limit beyond the loads themselves.
static double filterBytesPerCycle(const Machine &m, double partBytes) {
  if (partBytes <= 24 << 10)
    return 128;
  return partBytes <= m.l2Bytes * 0.75 ? 32 : 12;
}

// Cycles of one step of the reduction over a tile, whose filter has partBytes in all.
static double stepCycles(const Machine &m, int64_t columns, int64_t vectors, double partBytes) {
  const double accumulators = columns * vectors, loads = columns + vectors;
  const double arithmetic = accumulators / kFmaPerCycle * (m.fma ? 1 : 2);
  const double stream = vectors * m.lanes * 4 / filterBytesPerCycle(m, partBytes);
  // A loop at its latency bound runs below it (measured: 8 accumulators reach 90% of what 12 do).
  const double latency = kFmaLatency * 1.1;
  return std::max({arithmetic, loads / kLoadsPerCycle, stream, latency}) + 0.25; // a quarter cycle of loop overhead
}

// Largest divisor of total that is at most `limit`, at least 1.
static int64_t divisorUpTo(int64_t total, double limit) {
  int64_t best = 1;
  for (int64_t d = 1; d <= total && d <= limit; ++d)
    if (total % d == 0)
      best = d;
  return best;
}

ConvSchedule codegen::chooseDirectSchedule(const KernelSpec &spec) {
  const Machine m = machineOf(spec.target);
  const FilterGeometry &f = spec.filter;
  const int64_t width = spec.output.width, height = spec.output.height, blocks = f.outBlocks();
  const int64_t vectorsPerBlock = ceilDiv(f.block, m.lanes), steps = f.window() * f.kernelHeight * f.kernelWidth;

  ConvSchedule best;
  best.algorithm = ConvAlgorithm::Direct;
  double bestCost = 0;
  for (int64_t tc = 1; tc <= blocks; ++tc) {
    if (blocks % tc != 0 || !blocksShareInput(f, tc)) // a remainder would be computed twice
      continue;
    for (int64_t tx = 1; tx <= width; ++tx) {
      const int64_t vectors = tc * vectorsPerBlock;
      if (tx * tc > 1 && !fits(m, tx, vectors, f.isDepthwise()))
        break;
      // Prologue and epilogue of a tile: each accumulator is set, finished and stored.
      const double tile = steps * stepCycles(m, tx, vectors, 4.0 * steps * tc * f.block) + 2.0 * tx * vectors + 20;
      const double cost = tile * ceilDiv(width, tx) * (blocks / tc);
      if (bestCost == 0 || cost < bestCost) {
        bestCost = cost;
        best.tileColumns = tx;
        best.tileBlocks = tc;
      }
    }
  }

  // A filter that does not stay in L2 beside the maps is streamed once, block by block; any other is cheaper to reread than
  // the rows.
  best.filterOutermost = f.packedBytes() > m.l2Bytes / 2 && !f.isDepthwise();
  // Sixteen tasks at least, so that contiguous ranges balance on 2, 3 or 4 threads, of 1 to 8 us (at 250 GFLOPS): far above the
  // cost of handing one out.
  const double perTile = 2.0 * steps * f.block * best.tileColumns * (best.filterOutermost ? best.tileBlocks : blocks);
  const int64_t tiles = ceilDiv(width, best.tileColumns);
  const double total = 2.0 * steps * f.block * blocks * width * height;
  const double perTask = std::clamp(total / 16, 2.5e5, 2e6);
  best.tilesPerTask = height > 1 ? tiles : divisorUpTo(tiles, perTask / perTile);
  best.rowsPerTask = divisorUpTo(height, perTask / (perTile * tiles));
  return best;
}
