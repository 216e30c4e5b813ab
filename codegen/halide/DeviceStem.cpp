// A stem on devices: a block of threads convolves what a tile of the pool's outputs reads into memory that it shares, and pools
// from there. Operands are those of Stem.cpp.

#include "codegen/halide/DeviceConv.h"
#include "codegen/halide/PoolAxis.h"
#include <limits>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

int asInt(int64_t v) { return static_cast<int>(v); }

struct Stem {
  DeviceConvSums conv;
  Func map; // (c, x, y, k, n): the convolution's activation, and anything outside of its map
  Func acc, out;
};

//   map(c, x, y) = activation(sum(c, x, y))
//   out(c, x, y) = MAX over the window's taps inside the map
Stem algorithm(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const PoolAxis ay = stemPoolAxis(s, 0), ax = stemPoolAxis(s, 1);
  DeviceConvTile tile{s.convolved[1]};
  tile.anywhere = true;
  Stem a{deviceConvSums(kernel, tile), kernel.func("map"), kernel.func("acc"), kernel.func("out")};
  const auto [c, x, y, k, n] = a.conv.v;
  a.map(c, x, y, k, n) = activate(s.epilogue.activation, s.epilogue.activatedChannels, s.output.block, s.output.channels, c, k,
                                  a.conv.sum(c, x, y, k, n));
  const RDom r({{0, ax.kernel}, {0, ay.kernel}}, kernel.name("p"));
  const Expr px = ax.position(x, r[0]), py = ay.position(y, r[1]);
  const float lowest = -std::numeric_limits<float>::infinity();
  a.acc(c, x, y, k, n) = lowest;
  a.acc(c, x, y, k, n) = max(a.acc(c, x, y, k, n), select(ax.valid(px) && ay.valid(py), a.map(c, px, py, k, n), lowest));
  a.out(c, x, y, k, n) = a.acc(c, x, y, k, n);
  return a;
}

/// A tile of the pool's outputs, and what it reads of the map.
struct PoolTile {
  int columns, rows;       // outputs of a block of threads
  int mapColumns, mapRows; // of the map

  PoolTile(const KernelSpec &s, int64_t columns, int64_t rows)
      : columns(asInt(std::min(s.output.width, columns))), rows(asInt(std::min(s.output.height, rows))),
        mapColumns(asInt((this->columns - 1) * s.poolStrides[1] + s.poolKernel[1])),
        mapRows(asInt((this->rows - 1) * s.poolStrides[0] + s.poolKernel[0])) {}
};

// A thread computes a row of a register tile of vectors, as in a convolution, then a vector of the output.
void scheduleVectors(const Kernel &kernel, Stem &a) {
  const auto [c, x, y, k, n] = a.conv.v;
  const int tileColumns = asInt(kernel.spec.schedule.tileColumns);
  // 14 x 4: rows that two blocks of threads compute are an eighth of all (3x3/2).
  const PoolTile tile(kernel.spec, 14, 4);
  Var xi("xi"), yi("yi"), yo("yo"), xo("xo"), mo("mo"), mi("mi");
  a.out.split(x, xo, xi, tile.columns, TailStrategy::GuardWithIf).split(y, yo, yi, tile.rows, TailStrategy::GuardWithIf);
  a.out.vectorize(c).fuse(xo, yo, xo).reorder(c, xi, yi, k, xo, n).gpu_blocks(k, xo, n).gpu_threads(xi, yi);
  a.acc.compute_at(a.out, xi).vectorize(c).update().vectorize(c);
  a.map.compute_at(a.out, k).store_in(MemoryType::GPUShared).bound_extent(y, tile.mapRows);
  a.map.bound_extent(x, asInt(ceilDiv(tile.mapColumns, tileColumns)) * tileColumns);
  a.map.split(x, mo, mi, tileColumns, TailStrategy::RoundUp).vectorize(c).unroll(mi).gpu_threads(mo, y);
  a.conv.sum.compute_at(a.map, mo).vectorize(c).unroll(x);
  a.conv.sum.update().reorder({c, x, a.conv.ci, a.conv.kx, a.conv.ky, a.conv.cb}).vectorize(c).unroll(x);
  a.conv.padded.compute_at(a.conv.sum, a.conv.ky);
}

void scheduleLanes(const Kernel &kernel, Stem &a) {
  const auto [c, x, y, k, n] = a.conv.v;
  const PoolTile tile(kernel.spec, 4, 4);
  Var xi("xi"), yi("yi"), yo("yo"), xo("xo");
  const DeviceChannels channels = splitDeviceChannels(kernel, a.out, a.conv.v, kernel.spec.output.block);
  a.out.split(x, xo, xi, tile.columns, TailStrategy::GuardWithIf).split(y, yo, yi, tile.rows, TailStrategy::GuardWithIf);
  a.out.fuse(xo, yo, xo).reorder(channels.lane, xi, yi, xo, channels.block, n).gpu_blocks(xo, channels.block, n);
  a.out.gpu_threads(channels.lane, xi, yi);
  a.acc.compute_at(a.out, channels.lane);
  const DeviceChannels mapChannels = splitDeviceChannels(kernel, a.map, a.conv.v, kernel.spec.output.block);
  a.map.compute_at(a.out, xo).store_in(MemoryType::GPUShared);
  a.map.bound_extent(x, tile.mapColumns).bound_extent(y, tile.mapRows).gpu_threads(mapChannels.lane, x);
  a.conv.sum.compute_at(a.map, mapChannels.lane);
}

} // namespace

Pipeline codegen::buildDeviceStem(const Kernel &kernel) {
  Stem stem = algorithm(kernel);
  bindOutput(kernel, stem.out);
  if (deviceLanes(kernel) > 1)
    scheduleVectors(kernel, stem);
  else
    scheduleLanes(kernel, stem);
  return stem.out;
}
