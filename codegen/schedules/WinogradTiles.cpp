// Cuts an axis into tiles of one or two sizes.

#include "codegen/schedules/WinogradTiles.h"
#include <numeric>

using namespace resnet;
using namespace resnet::codegen;

int WinogradAxis::products() const { return std::accumulate(tilesAt.begin(), tilesAt.end(), 0); }

// Which of `larger`'s points `smaller` has: those of the same weights, in the same order. The points of a phase with one tap
// share their weights, and the first ones are taken.
static std::vector<int> pointsOf(const WinogradTransform &smaller, const WinogradTransform &larger) {
  std::vector<int> points;
  int next = 0;
  for (int weight : smaller.weightOf) {
    while (larger.filter[larger.weightOf[next]] != smaller.filter[weight])
      ++next;
    points.push_back(next++);
  }
  return points;
}

static void append(WinogradAxis &axis, int outputs, int count, int stride) {
  TileRun run{winogradTransform(outputs, 3, stride), count, 0, 0, {}};
  if (axis.runs.empty())
    axis.tilesAt.assign(run.t.points(), 0);
  else
    run.first = axis.tiles(), run.start = axis.outputs();
  run.points = pointsOf(run.t, axis.runs.empty() ? run.t : axis.largest());
  for (int point : run.points)
    axis.tilesAt[point] += count;
  axis.runs.push_back(std::move(run));
}

WinogradAxis codegen::winogradAxis(int64_t outputs, const ConvSchedule &schedule, int stride) {
  WinogradAxis axis;
  const int m = static_cast<int>(schedule.outputTile), size = static_cast<int>(outputs), tiles = (size + m - 1) / m;
  if (!schedule.mixedTiles) {
    append(axis, m, tiles, stride);
    return axis;
  }
  const int smaller = size / tiles, larger = size % tiles;
  if (larger > 0)
    append(axis, smaller + 1, larger, stride);
  append(axis, smaller, tiles - larger, stride);
  return axis;
}

WinogradTiles::WinogradTiles(const KernelSpec &spec, const ConvSchedule &schedule)
    : x(winogradAxis(spec.output.width, schedule, static_cast<int>(spec.strides[1]))),
      y(winogradAxis(spec.output.height, schedule, static_cast<int>(spec.strides[0]))) {}

int64_t WinogradTiles::parts(const ConvSchedule &schedule) const {
  int64_t sum = 0;
  for (int rows : y.tilesAt)
    for (int columns : x.tilesAt)
      sum += ceilDiv(columns * (rows * schedule.tileRows / y.tiles()) * schedule.images, schedule.tileColumns);
  return sum;
}
