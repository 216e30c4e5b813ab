// Direct convolution on devices. Operands are those of Conv2d.cpp, but nothing is known of halos.
// A thread of an OpenCL kernel computes a register tile of columns and blocks as vectors of lanes, as a task's inner loop does on
// a processor. What a row of the filter reads is first copied to private memory where some of it may lie outside of the map: the
// sums then read without conditions.

#include "codegen/halide/DeviceConv.h"
#include "codegen/halide/LaneExchange.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

int asInt(int64_t v) { return static_cast<int>(v); }

struct Conv : DeviceConvSums {
  explicit Conv(const DeviceConvSums &sums) : DeviceConvSums(sums) {}
  Func out;
};

//   out = relu(sum + addend), or what post makes of that
Conv algorithm(const Kernel &kernel, const DeviceConvTile &tile) {
  const KernelSpec &s = kernel.spec;
  Conv a(deviceConvSums(kernel, tile));
  a.out = kernel.func("out");
  const auto [c, x, y, k, n] = a.v;
  const Expr sum = a.sum(c, x, y, k, n);
  const bool padding = s.output.block != s.filter.block && s.output.channels % s.output.block != 0;
  const Expr exists = k * asInt(s.output.block) + c < asInt(s.output.channels);
  defineOutput(kernel, a.out, a.v, padding ? select(exists, sum, 0.f) : sum);
  return a;
}

// Every element by a thread of its own: where the output is blocked otherwise than the filter.
void scheduleElements(const Kernel &kernel, Conv &a) { a.sum.compute_at(a.out, scheduleDeviceElements(kernel, a.out, a.v)); }

// Sums of a register tile, and what they read.
void scheduleVectorSums(const Kernel &kernel, Conv &a, const ConvSchedule &p) {
  const auto [c, x, y, k, n] = a.v;
  const FilterGeometry &f = kernel.spec.filter;
  a.sum.bound_extent(x, asInt(p.tileColumns)).vectorize(c).unroll(x).unroll(k);
  Stage update = a.sum.update();
  if (f.laneGroup())
    update.reorder({c, k, a.kx, a.ci, x, a.ky, a.cb}).vectorize(c).unroll(k).unroll(a.kx).unroll(a.ci).unroll(x);
  else
    update.reorder({c, k, x, a.ci, a.kx, a.ky, a.cb}).vectorize(c).unroll(x).unroll(k);
  if (!a.guards)
    return;
  a.padded.compute_at(a.sum, a.ky);
  if (f.laneGroup() || f.inputBlock == kChannelBlock)
    a.padded.vectorize(c);
}

// A block of threads computes tilesPerTask x rowsPerTask tiles.
void scheduleVectorTiles(const Kernel &kernel, Conv &a, const ConvSchedule &p) {
  const auto [c, x, y, k, n] = a.v;
  Var xo("xo"), xi("xi"), xt("xt"), ko("ko"), ki("ki"), yo("yo"), yi("yi"), place("place");
  const TailStrategy tail = kernel.spec.output.width % p.tileColumns == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  a.out.split(x, xo, xi, asInt(p.tileColumns), tail)
      .split(k, ko, ki, asInt(p.tileBlocks), TailStrategy::RoundUp)
      .split(y, yo, yi, asInt(p.rowsPerTask), TailStrategy::RoundUp)
      .split(xo, xt, xo, asInt(p.tilesPerTask), TailStrategy::RoundUp)
      .vectorize(c)
      .unroll(xi)
      .unroll(ki)
      .fuse(xt, yo, place);
  if (p.filterOutermost) {
    reorderOutput(kernel, a.out, {c, xi, ki, xo, yi, place, ko, n});
    a.out.gpu_blocks(place, ko, n);
  } else {
    reorderOutput(kernel, a.out, {c, xi, ki, xo, yi, ko, place, n});
    a.out.gpu_blocks(ko, place, n);
  }
  a.out.gpu_threads(xo, yi);
  a.sum.compute_at(a.out, xo);
  scheduleVectorSums(kernel, a, p);
  if (kernel.gatheredAddend) {
    Func gathered = *kernel.gatheredAddend;
    gathered.compute_at(a.out, xo).bound(c, 0, asInt(kernel.spec.filter.block)).bound_extent(x, asInt(p.tileColumns));
    gathered.bound_extent(k, asInt(p.tileBlocks));
  }
}

} // namespace

Pipeline codegen::buildDeviceConv2d(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const bool vectors = deviceLanes(kernel) > 1;
  DeviceConvTile tile{s.output.width};
  if (vectors) {
    tile.columns = s.schedule.tileColumns, tile.blocks = s.schedule.tileBlocks;
    tile.skipsRows = true;
  }
  Conv conv = algorithm(kernel, tile);
  bindOutput(kernel, conv.out);
  if (vectors)
    scheduleVectorTiles(kernel, conv, s.schedule);
  else
    scheduleElements(kernel, conv);
  Pipeline pipeline(conv.out);
  if (vectors && s.filter.laneGroup() > 1)
    pipeline.add_custom_lowering_pass(new LaneExchange(/*openCl=*/true));
  return pipeline;
}
