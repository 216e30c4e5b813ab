// Sums of direct convolutions on devices.

#include "codegen/halide/DeviceConv.h"
#include "codegen/halide/DirectConv.h"
#include "codegen/halide/LaneExchange.h"
#include "codegen/schedules/ScheduleCheck.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

static int asInt(int64_t v) { return static_cast<int>(v); }

namespace {
/// One axis of the input, and what the sums read of it.
struct InputAxis {
  int64_t size, halo; // of the input, and behind it
  int64_t first, last;

  InputAxis(int64_t size, int64_t halo, int64_t outputs, int64_t stride, int64_t taps, int64_t dilation, int64_t before)
      : size(size), halo(halo), first(-before), last((outputs - 1) * stride + (taps - 1) * dilation - before) {}
  bool leavesInput() const { return first < 0 || last >= size; }
  Expr contains(const Expr &i) const { return i >= 0 && i < asInt(size); }
  // What lies behind the halo may be no memory.
  Expr readable(const Expr &i, bool anywhere) const {
    return anywhere ? clamp(i, 0, asInt(size) - 1) : last >= size + halo ? min(i, asInt(size) - 1) : i;
  }
};
} // namespace

DeviceConvSums codegen::deviceConvSums(const Kernel &kernel, const DeviceConvTile &tile) {
  const KernelSpec &s = kernel.spec;
  const FilterGeometry &f = s.filter;
  const int ib = asInt(f.inputBlock), laneGroup = asInt(f.laneGroup());
  DeviceConvSums a;
  a.padded = kernel.func("padded"), a.sum = kernel.func("sum");
  const auto [c, x, y, k, n] = a.v;
  RDom r({{0, laneGroup ? laneGroup : ib},
          {0, laneGroup ? 1 : asInt(f.window() / ib)},
          {0, asInt(f.kernelWidth)},
          {0, asInt(f.kernelHeight)}},
         kernel.name("r"));
  a.ci = r[0], a.cb = r[1], a.kx = r[2], a.ky = r[3];

  const int64_t rows = s.kind == KernelKind::Stem ? s.convolved[0] : s.output.height;
  const int64_t columns = ceilDiv(tile.width, tile.columns) * tile.columns; // those behind the map are never stored
  const InputAxis ax(s.input.width, s.input.halo.right, columns, s.strides[1], f.kernelWidth, s.dilations[1], s.padding.left);
  const InputAxis ay(s.input.height, s.input.halo.bottom, rows, s.strides[0], f.kernelHeight, s.dilations[0], s.padding.top);
  const Expr column = ax.readable(x, tile.anywhere), row = ay.readable(y, tile.anywhere);
  Expr inside = Internal::const_true();
  if (ax.leavesInput() || tile.anywhere)
    inside = ax.contains(x);
  const bool checksRows = ay.leavesInput() || tile.anywhere;
  if (checksRows && !tile.skipsRows)
    inside = inside && ay.contains(y);
  // The filter's lane and block of the output's channel.
  Expr lane = c, block = k;
  if (s.output.block != f.block) {
    const Expr channel = min(k * asInt(s.output.block) + c, asInt(s.output.channels) - 1);
    lane = channel % asInt(f.block), block = channel / asInt(f.block);
  }
  const bool otherBlock = laneGroup == 1 && !readsOwnLanes(s);
  const Expr channel = min(k * asInt(f.block) + c, asInt(s.input.channels) - 1);
  const Expr element =
      otherBlock ? readChannel(kernel.input, s.input, channel, column, row, n) : kernel.input(c, column, row, k, n);
  a.guards = !Internal::is_const_one(inside);
  a.padded(c, x, y, k, n) = a.guards ? select(inside, element, 0.f) : element;

  const Expr ix = x * asInt(s.strides[1]) + r[2] * asInt(s.dilations[1]) - asInt(s.padding.left);
  const Expr iy = y * asInt(s.strides[0]) + r[3] * asInt(s.dilations[0]) - asInt(s.padding.top);
  if (checksRows && tile.skipsRows)
    r.where(ay.contains(iy));
  a.sum(c, x, y, k, n) = s.epilogue.bias ? kernel.bias(lane, block) : Expr(0.f);
  if (laneGroup > 1 && deviceLanes(kernel) > 1) {
    a.sum(c, x, y, k, n) += kernel.filter(c, r[0], r[2], r[3], k) * exchangeLanes(a.padded(c, ix, iy, k, n), r[0]);
  } else if (laneGroup > 1) {
    const Expr other = unsafe_promise_clamped(lane ^ r[0], 0, asInt(f.block) - 1);
    a.sum(c, x, y, k, n) += kernel.filter(lane, r[0], r[2], r[3], block) * a.padded(other, ix, iy, block, n);
  } else if (laneGroup) {
    a.sum(c, x, y, k, n) += kernel.filter(lane, r[2], r[3], block) * a.padded(lane, ix, iy, block, n);
  } else {
    a.sum(c, x, y, k, n) += kernel.filter(lane, r[0] + ib * r[1], r[2], r[3], block) *
                            a.padded(r[0], ix, iy, windowBase(f, tile.blocks, block) + r[1], n);
  }
  return a;
}
