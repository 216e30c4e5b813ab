// Direct convolution.
//   input  (c, x, y, k, n)          blocked by any number of channels, with a halo of zeros at least as wide as the padding
//   filter (co, ci, kx, ky, k)      co: lane of output block k, ci: input channel in the block's window; see FilterGeometry
//          (co, kx, ky, k)          depthwise
//   bias   (co, k),  addend and output (c, x, y, k, n), interiors only
// Output blocked like the filter is the fast path: ResNet-50's layers reach 89 to 100% of one Zen 5 core's AVX-512 peak with warm
// filters, and 81 to 98% with filters from memory (the last stage loses most; benchmarks/kernels). Any other block goes through
// a row of blocked sums.

#include "codegen/halide/FilterPrefetch.h"
#include "codegen/halide/Kernel.h"
#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/Machine.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

struct Conv {
  Vars v;
  Func sum; // (c, x, y, k, n), blocked like the filter
  Func row; // rows of sums in scratch, where the output's block is another; undefined otherwise
  Func out;
  RVar ci, cb, kx, ky; // input channel in its block, block of the window, column and row of the filter
};

int asInt(int64_t v) { return static_cast<int>(v); }

// First block of the input that output block k reads: FilterGeometry::windowBase as an expression.
Expr windowBase(const FilterGeometry &f, int64_t tileBlocks, Expr k) {
  if (f.groups == 1)
    return 0;
  const int ib = asInt(f.inputBlock), end = asInt(ceilDiv(f.inChannels, f.inputBlock) - f.window() / f.inputBlock);
  // The blocks of a tile share a window; say so, or the base is computed for each.
  const Expr first = k / asInt(tileBlocks) * asInt(tileBlocks * f.block);
  return min(first / asInt(f.outChannelsPerGroup()) * asInt(f.inChannelsPerGroup()) / ib, end);
}

//   sum(co, x, y) = bias(co) + SUM over ci, kx, ky of filter(co, ci, kx, ky) * input(ci, x*sx + kx*dx - px, y*sy + ky*dy - py)
//   out = relu(sum + addend)
Conv algorithm(const Kernel &kernel, const ConvSchedule &schedule) {
  const KernelSpec &s = kernel.spec;
  const FilterGeometry &f = s.filter;
  const int block = asInt(f.block), ib = asInt(f.inputBlock);
  Conv a;
  a.sum = kernel.func("sum");
  a.out = kernel.func("out");
  const auto [c, x, y, k, n] = a.v;

  const bool depthwise = f.isDepthwise();
  const RDom r({{0, depthwise ? 1 : ib},
                {0, depthwise ? 1 : asInt(f.window() / ib)},
                {0, asInt(f.kernelWidth)},
                {0, asInt(f.kernelHeight)}},
               kernel.name("r"));
  a.ci = r[0], a.cb = r[1], a.kx = r[2], a.ky = r[3];

  // Columns beyond the map, in the last tile of a row, repeat the last column; they are never stored.
  const Expr column = s.output.width % schedule.tileColumns == 0 ? Expr(x) : min(likely(x), asInt(s.output.width) - 1);
  const Expr ix = column * asInt(s.strides[1]) + r[2] * asInt(s.dilations[1]) - asInt(s.padding.left);
  const Expr iy = y * asInt(s.strides[0]) + r[3] * asInt(s.dilations[0]) - asInt(s.padding.top);

  a.sum(c, x, y, k, n) = s.epilogue.bias ? kernel.bias(c, k) : Expr(0.f);
  if (depthwise && s.input.block == f.block)
    a.sum(c, x, y, k, n) += kernel.filter(c, r[2], r[3], k) * kernel.input(c, ix, iy, k, n);
  else if (depthwise)
    a.sum(c, x, y, k, n) += kernel.filter(c, r[2], r[3], k) *
                            readChannel(kernel.input, s.input, min(k * block + c, asInt(s.input.channels) - 1), ix, iy, n);
  else
    a.sum(c, x, y, k, n) += kernel.filter(c, r[0] + ib * r[1], r[2], r[3], k) *
                            kernel.input(r[0], ix, iy, windowBase(f, schedule.tileBlocks, k) + r[1], n);

  if (s.output.block == f.block) {
    a.out(c, x, y, k, n) = finish(kernel, a.v, a.sum(c, x, y, k, n));
    return a;
  }
  a.row = kernel.func("row");
  a.row(c, x, y, k, n) = a.sum(c, x, y, k, n);
  const Expr ch = k * asInt(s.output.block) + c;
  const Expr valid = min(ch, asInt(s.output.channels) - 1);
  const Expr sum = a.row(valid % block, x, y, valid / block, n);
  a.out(c, x, y, k, n) = finish(kernel, a.v, s.output.channels % s.output.block == 0 ? sum : select(ch == valid, sum, 0.f));
  return a;
}

// Register tile of `f`, a Func over blocked sums: the sums of tileColumns x tileBlocks vectors live in registers. Reorders to
// (c, xi, ki, xo) and returns the loop over tiles.
Var tile(Conv &a, Func f, const KernelSpec &s, const ConvSchedule &p, Var ko) {
  const auto [c, x, y, k, n] = a.v;
  Var xo("xo"), xi("xi"), ki("ki");
  // Shifting the last tile inwards stores columns twice, which would add an addend in place twice: guard the stores there.
  const TailStrategy tail = s.output.width % p.tileColumns == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  f.split(x, xo, xi, asInt(p.tileColumns), tail).split(k, ko, ki, asInt(p.tileBlocks), TailStrategy::RoundUp);
  f.vectorize(c).unroll(xi).unroll(ki);
  a.sum.bound_extent(x, asInt(p.tileColumns)).vectorize(c).unroll(x).unroll(k);
  // Blocks inside columns: tileColumns * tileBlocks sums, tileBlocks filter vectors and one broadcast are registers. Columns
  // inside blocks would keep tileColumns broadcasts and spill. Channels are the innermost loop: 16 steps without addressing.
  a.sum.update().reorder({c, k, x, a.ci, a.kx, a.ky, a.cb}).vectorize(c).unroll(x).unroll(k);
  return xo;
}

void schedule(const Kernel &kernel, Conv &a, const ConvSchedule &p) {
  const KernelSpec &s = kernel.spec;
  const auto [c, x, y, k, n] = a.v;
  Var ko("ko"), xi("xi"), ki("ki"), t("t"), yo("yo"), yi("yi"), xt("xt");
  if (a.row.defined()) {
    a.out.fuse(y, n, t).parallel(t).reorder(c, x, k, t);
    const Var xo = tile(a, a.row, s, p, ko);
    a.row.compute_at(a.out, t).store_in(MemoryType::Heap).bound(c, 0, asInt(s.filter.block)).reorder(c, xi, ki, xo, y, ko, n);
    a.sum.compute_at(a.row, xo);
    return;
  }
  const Var xo = tile(a, a.out, s, p, ko);
  a.out.split(y, yo, yi, asInt(p.rowsPerTask), TailStrategy::RoundUp)
      .split(xo, xt, xo, asInt(p.tilesPerTask), TailStrategy::RoundUp);
  if (p.filterOutermost) {
    // A task owns a tile's blocks of the filter for a band of rows of every image: each worker streams its part once.
    a.out.reorder(c, xi, ki, xo, yi, n, xt, yo, ko).fuse(xt, yo, t).fuse(t, ko, t).parallel(t);
  } else {
    a.out.reorder(c, xi, ki, xo, yi, ko, xt, yo, n).fuse(xt, yo, t).fuse(t, n, t).parallel(t);
  }
  a.sum.compute_at(a.out, xo);
}

} // namespace

Pipeline codegen::buildConv2d(const Kernel &kernel) {
  const ConvSchedule &parameters = kernel.spec.schedule;
  if (parameters.algorithm == ConvAlgorithm::Winograd)
    return buildWinograd(kernel);
  Conv conv = algorithm(kernel, parameters);
  bindOutput(kernel, conv.out);
  schedule(kernel, conv, parameters);
  Pipeline pipeline(conv.out);
  if (parameters.filterOutermost && !conv.row.defined() && kernel.spec.filter.inputBlock == kChannelBlock) {
    const int64_t tasks = ceilDiv(kernel.spec.output.width, parameters.tileColumns) / parameters.tilesPerTask *
                          (kernel.spec.output.height / parameters.rowsPerTask);
    pipeline.add_custom_lowering_pass(
        new FilterPrefetch(kernel.spec.filter, kernel.name("filter"), kernel.name("r"), parameters.tileBlocks, tasks));
  }
  return pipeline;
}
