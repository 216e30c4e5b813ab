// Divisions without a remainder, registers, and fields that the algorithm does not use.

#include "codegen/schedules/ScheduleCheck.h"
#include "codegen/schedules/Machine.h"
#include "codegen/schedules/WinogradSchedule.h"

using namespace resnet;
using namespace resnet::codegen;

bool codegen::blocksShareInput(const FilterGeometry &f, int64_t tileBlocks) {
  return tileBlocks == 1 || (!f.laneGroup() && (f.groups == 1 || f.outChannelsPerGroup() % (tileBlocks * f.block) == 0));
}

bool codegen::readsOwnLanes(const KernelSpec &spec) {
  return spec.filter.laneGroup() > 0 && spec.input.block == spec.filter.block;
}

// A spilled accumulator halves the speed.
bool codegen::fitsRegisters(const KernelSpec &spec, int64_t tileColumns, int64_t tileBlocks) {
  const Machine m = machineOf(spec.target);
  const int64_t vectors = tileBlocks * ceilDiv(spec.filter.block, m.lanes), accumulators = tileColumns * vectors;
  if (tileColumns * tileBlocks == 1) // what is always there
    return true;
  if (spec.filter.laneGroup()) // one filter vector, one input vector
    return accumulators + 2 <= m.registers;
  // Without FMA the filter's vector is multiplied in a temporary, straight from memory.
  return accumulators + (m.fma ? vectors : 1) + 1 <= m.registers;
}

static std::string divides(const char *what, int64_t value, const char *whole, int64_t total) {
  if (total % value == 0)
    return "";
  return std::string("expected ") + what + " that divide the " + std::to_string(total) + " " + whole + ", got " +
         std::to_string(value);
}

static std::string checkDirect(const KernelSpec &spec) {
  const ConvSchedule &s = spec.schedule;
  ConvSchedule used = s;
  used.outputTile = used.inputChannels = 0;
  used.tileRows = used.images = 1;
  used.mixedTiles = false;
  if (!(used == s))
    return "expected a direct schedule without fields of Winograd's, got '" + toString(s) + "'";
  if (s.tileColumns > spec.output.width)
    return "expected a tile of at most " + std::to_string(spec.output.width) + " columns, got " + std::to_string(s.tileColumns);
  std::string problem = divides("blocks of a tile", s.tileBlocks, "blocks of channels", spec.filter.outBlocks());
  if (problem.empty() && !blocksShareInput(spec.filter, s.tileBlocks))
    problem = "expected a tile of blocks that read the same input channels, got " + std::to_string(s.tileBlocks) + " blocks";
  if (problem.empty())
    problem = divides("tiles of a task", s.tilesPerTask, "tiles of a row", ceilDiv(spec.output.width, s.tileColumns));
  if (problem.empty())
    problem = divides("rows of a task", s.rowsPerTask, "rows", spec.output.height);
  return problem;
}

std::string codegen::checkSchedule(const KernelSpec &spec) {
  const ConvSchedule &s = spec.schedule;
  if (s.algorithm == ConvAlgorithm::Unset)
    return "expected a schedule, got none";
  if (s.tileColumns < 1 || s.tileBlocks < 1 || s.tilesPerTask < 1 || s.rowsPerTask < 1)
    return "expected sizes of at least 1, got '" + toString(s) + "'";
  if (!fitsRegisters(spec, s.tileColumns, s.tileBlocks))
    return "expected a tile that fits the registers of " + std::string(toString(spec.target)) + ", got " +
           std::to_string(s.tileColumns) + "x" + std::to_string(s.tileBlocks);
  if (s.algorithm == ConvAlgorithm::Direct)
    return checkDirect(spec);
  return checkWinograd(spec);
}
