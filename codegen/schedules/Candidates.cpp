// Neighbours of the model's choice, one dimension at a time: the whole product of tiles, orders and tasks would take minutes a
// shape. Of Winograd's schedules, those that the model ranks highest.

#include "codegen/schedules/Candidates.h"
#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/ScheduleCheck.h"
#include "codegen/schedules/WinogradModel.h"
#include "codegen/schedules/WinogradSchedule.h"
#include <algorithm>
#include <tuple>

using namespace resnet;
using namespace resnet::codegen;

// Tiles that the model puts further than this above its best are left out.
static constexpr double kWorstTile = 1.5;
static constexpr size_t kTiles = 6, kTilesInBothOrders = 3, kTilesInAllTasks = 2;

namespace {
class Candidates {
public:
  explicit Candidates(const KernelSpec &spec) : spec(spec) {}

  void add(const ConvSchedule &schedule) {
    spec.schedule = schedule;
    if (checkSchedule(spec).empty() && std::find(all.begin(), all.end(), schedule) == all.end())
      all.push_back(schedule);
  }

  std::vector<ConvSchedule> all;

private:
  KernelSpec spec;
};
} // namespace

// A row of sums in scratch, where the output's block is not the filter's, has one task a row and no order to choose.
static void addDirect(const KernelSpec &spec, Candidates &candidates) {
  const bool once = streamsFilterOnce(spec), free = spec.output.block == spec.filter.block;
  const std::vector<RegisterTile> tiles = rankDirectTiles(spec);
  const size_t count =
      std::min(kTiles, static_cast<size_t>(std::count_if(tiles.begin(), tiles.end(), [&](const RegisterTile &tile) {
                 return tile.cycles <= kWorstTile * tiles.front().cycles;
               })));
  for (size_t i = 0; i < count; ++i)
    candidates.add(directSchedule(spec, tiles[i], once));
  if (!free)
    return;
  for (size_t i = 0; i < std::min(count, kTilesInBothOrders) && !spec.filter.laneGroup(); ++i)
    candidates.add(directSchedule(spec, tiles[i], !once));
  // Half and double: fewer than eight tasks would not balance on several threads.
  for (size_t i = 0; i < std::min(count, kTilesInAllTasks); ++i)
    for (const double scale : {0.5, 2.0})
      candidates.add(directSchedule(spec, tiles[i], once, scale));
}

// Each takes 0.3 s to compile, of mixed tiles 1 s. Of every way to cut the map: an estimate compares schedules of one better than
// those of two.
static constexpr size_t kWinogradOfTile = 14;

static void addWinograd(const KernelSpec &spec, Candidates &candidates) {
  const std::vector<ConvSchedule> all = winogradCandidates(spec);
  std::vector<std::tuple<int64_t, bool, double, size_t>> ranked;
  for (size_t i = 0; i < all.size(); ++i)
    ranked.push_back({all[i].outputTile, all[i].mixedTiles, winogradCycles(spec, all[i]), i});
  std::sort(ranked.begin(), ranked.end());
  size_t ofTile = 0;
  for (size_t i = 0; i < ranked.size(); ++i) {
    const auto &[tile, mixed, cycles, index] = ranked[i];
    const bool first = i == 0 || std::tie(tile, mixed) != std::tie(std::get<0>(ranked[i - 1]), std::get<1>(ranked[i - 1]));
    ofTile = first ? 0 : ofTile + 1;
    if (ofTile < kWinogradOfTile)
      candidates.add(all[index]);
  }
}

std::vector<ConvSchedule> codegen::candidateSchedules(const KernelSpec &spec) {
  Candidates candidates(spec);
  addDirect(spec, candidates);
  addWinograd(spec, candidates);
  return candidates.all;
}
