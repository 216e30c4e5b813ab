// The cost model: cycles of a register tile's inner loop by its tightest resource, times the number of tiles, waste included.

#include "codegen/halide/ConvSchedule.h"
#include "codegen/halide/Machine.h"
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

// Cycles of one step of the reduction over a tile.
static double stepCycles(const Machine &m, int64_t columns, int64_t vectors) {
  const double accumulators = columns * vectors, loads = columns + vectors;
  const double arithmetic = accumulators / kFmaPerCycle * (m.fma ? 1 : 2);
  // A loop at its latency bound runs below it (measured: 8 accumulators reach 90% of what 12 do).
  const double latency = kFmaLatency * 1.1;
  return std::max({arithmetic, loads / kLoadsPerCycle, latency}) + 0.25; // a quarter cycle of loop overhead
}

static int64_t smallestDivisorAtLeast(int64_t total, double least) {
  for (int64_t d = 1; d < total; ++d)
    if (total % d == 0 && d >= least)
      return d;
  return total;
}

ConvSchedule codegen::chooseConvSchedule(const KernelSpec &spec) {
  const Machine m = machineOf(spec.target);
  const FilterGeometry &f = spec.filter;
  const int64_t width = spec.output.width, height = spec.output.height, blocks = f.outBlocks();
  const int64_t vectorsPerBlock = ceilDiv(f.block, m.lanes), steps = f.window() * f.kernelHeight * f.kernelWidth;

  ConvSchedule best;
  double bestCost = 0;
  for (int64_t tc = 1; tc <= blocks; ++tc) {
    if (blocks % tc != 0 || !blocksShareInput(f, tc)) // a remainder would be computed twice
      continue;
    for (int64_t tx = 1; tx <= width; ++tx) {
      const int64_t vectors = tc * vectorsPerBlock;
      if (tx * tc > 1 && !fits(m, tx, vectors, f.isDepthwise()))
        break;
      // Prologue and epilogue of a tile: each accumulator is set, finished and stored.
      const double tile = steps * stepCycles(m, tx, vectors) + 2.0 * tx * vectors + 20;
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
  // Tasks of about a million operations, 4 to 10 us: far above the cost of handing one out, and dozens of them in the layers
  // that matter, so that contiguous ranges balance on 2, 3 or 4 threads.
  const double perTile = 2.0 * steps * f.block * best.tileColumns * (best.filterOutermost ? best.tileBlocks : blocks);
  const int64_t tiles = best.tiles(width);
  best.tilesPerTask = height > 1 ? tiles : smallestDivisorAtLeast(tiles, 1e6 / perTile);
  best.rowsPerTask = smallestDivisorAtLeast(height, 1e6 / (perTile * tiles));
  return best;
}
