// Sums and register tile of direct convolutions.

#include "codegen/halide/DirectConv.h"
#include "codegen/halide/LaneExchange.h"
#include "codegen/schedules/ScheduleCheck.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

static int asInt(int64_t v) { return static_cast<int>(v); }

Expr codegen::windowBase(const FilterGeometry &f, int64_t tileBlocks, Expr k) {
  if (f.groups == 1)
    return 0;
  const int ib = asInt(f.inputBlock), end = asInt(ceilDiv(f.inChannels, f.inputBlock) - f.window() / f.inputBlock);
  // The blocks of a tile share a window; say so, or the base is computed for each.
  const Expr first = k / asInt(tileBlocks) * asInt(tileBlocks * f.block);
  return min(first / asInt(f.outChannelsPerGroup()) * asInt(f.inChannelsPerGroup()) / ib, end);
}

ConvSums codegen::convSums(const Kernel &kernel, const ConvSchedule &schedule, int64_t width) {
  const KernelSpec &s = kernel.spec;
  const FilterGeometry &f = s.filter;
  const int block = asInt(f.block), ib = asInt(f.inputBlock);
  ConvSums a;
  a.sum = kernel.func("sum");
  const auto [c, x, y, k, n] = a.v;

  const int laneGroup = asInt(f.laneGroup());
  a.ownLanes = readsOwnLanes(s);
  const RDom r({{0, laneGroup ? laneGroup : ib},
                {0, laneGroup ? 1 : asInt(f.window() / ib)},
                {0, asInt(f.kernelWidth)},
                {0, asInt(f.kernelHeight)}},
               kernel.name("r"));
  a.ci = r[0], a.cb = r[1], a.kx = r[2], a.ky = r[3];

  // Where columns share inputs, the input's column must not go beyond the halo, so that it is the same expression for all of
  // them.
  const bool partial = width % schedule.tileColumns != 0;
  const Expr column = partial && !a.ownLanes ? min(likely(x), asInt(width) - 1) : Expr(x);
  Expr ix = column * asInt(s.strides[1]) + r[2] * asInt(s.dilations[1]) - asInt(s.padding.left);
  if (partial && a.ownLanes)
    ix = min(likely(ix), asInt(s.input.width + s.input.halo.right) - 1);
  const Expr iy = y * asInt(s.strides[0]) + r[3] * asInt(s.dilations[0]) - asInt(s.padding.top);

  a.sum(c, x, y, k, n) = s.epilogue.bias ? kernel.bias(c, k) : Expr(0.f);
  if (laneGroup > 1)
    a.sum(c, x, y, k, n) += kernel.filter(c, r[0], r[2], r[3], k) * exchangeLanes(kernel.input(c, ix, iy, k, n), r[0]);
  else if (a.ownLanes)
    a.sum(c, x, y, k, n) += kernel.filter(c, r[2], r[3], k) * kernel.input(c, ix, iy, k, n);
  else if (laneGroup)
    a.sum(c, x, y, k, n) += kernel.filter(c, r[2], r[3], k) *
                            readChannel(kernel.input, s.input, min(k * block + c, asInt(s.input.channels) - 1), ix, iy, n);
  else
    a.sum(c, x, y, k, n) += kernel.filter(c, r[0] + ib * r[1], r[2], r[3], k) *
                            kernel.input(r[0], ix, iy, windowBase(f, schedule.tileBlocks, k) + r[1], n);
  return a;
}

Var codegen::tile(ConvSums &a, Func f, const ConvSchedule &schedule, Var ko, TailStrategy tail) {
  const auto [c, x, y, k, n] = a.v;
  Var xo("xo"), xi("xi"), ki("ki");
  f.split(x, xo, xi, asInt(schedule.tileColumns), tail).split(k, ko, ki, asInt(schedule.tileBlocks), TailStrategy::RoundUp);
  f.vectorize(c).unroll(xi).unroll(ki);
  a.sum.bound_extent(x, asInt(schedule.tileColumns)).vectorize(c).unroll(x).unroll(k);
  if (a.ownLanes) {
    // All columns of the filter and channels of a group for a row: each input is loaded, and its lanes are exchanged, once for
    // all outputs that it is part of. 3x3 with 4 channels a group reaches 93% of peak so (one Zen 4 core, 128 channels, 56x56,
    // 14 columns), 81% of it with one output column after the other outermost.
    a.sum.update().reorder({c, k, a.kx, a.ci, x, a.ky, a.cb}).vectorize(c).unroll(k).unroll(a.kx).unroll(a.ci).unroll(x);
    return xo;
  }
  // Blocks inside columns: tileColumns * tileBlocks sums, tileBlocks filter vectors and one broadcast are registers. Columns
  // inside blocks would keep tileColumns broadcasts and spill. Channels are the innermost loop: 16 steps without addressing.
  a.sum.update().reorder({c, k, x, a.ci, a.kx, a.ky, a.cb}).vectorize(c).unroll(x).unroll(k);
  return xo;
}
