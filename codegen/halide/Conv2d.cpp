// Direct convolution.
//   input  (c, x, y, k, n)          blocked by any number of channels, with a halo of zeros at least as wide as the padding
//   filter (co, ci, kx, ky, k)      co: lane of output block k, ci: input channel in the block's window; see FilterGeometry
//          (co, kx, ky, k)          depthwise
//   bias, scale, shift (co, k),  addend and output (c, x, y, k, n), interiors only
// Output blocked like the filter is the fast path: ResNet-50's layers reach 89 to 100% of one Zen 5 core's AVX-512 peak with warm
// filters, and 81 to 98% with filters from memory (the last stage loses most; benchmarks/kernels). Any other block goes through
// a row of blocked sums.

#include "codegen/halide/DeviceSchedules.h"
#include "codegen/halide/DirectConv.h"
#include "codegen/halide/FilterPrefetch.h"
#include "codegen/halide/Kernel.h"
#include "codegen/halide/LaneExchange.h"
#include "codegen/halide/OutputPrefetch.h"
#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/Machine.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

struct Conv : ConvSums {
  explicit Conv(const ConvSums &sums) : ConvSums(sums) {}
  Func row; // rows of sums in scratch, where the output's block is another; undefined otherwise
  Func out;
};

int asInt(int64_t v) { return static_cast<int>(v); }

//   out = relu(sum + addend), or what post makes of that
Conv algorithm(const Kernel &kernel, const ConvSchedule &schedule) {
  const KernelSpec &s = kernel.spec;
  const FilterGeometry &f = s.filter;
  const int block = asInt(f.block);
  Conv a(convSums(kernel, schedule, s.output.width));
  a.out = kernel.func("out");
  const auto [c, x, y, k, n] = a.v;
  if (s.output.block == f.block) {
    defineOutput(kernel, a.out, a.v, a.sum(c, x, y, k, n));
    return a;
  }
  a.row = kernel.func("row");
  a.row(c, x, y, k, n) = a.sum(c, x, y, k, n);
  const Expr ch = k * asInt(s.output.block) + c;
  const Expr valid = min(ch, asInt(s.output.channels) - 1);
  const Expr sum = a.row(valid % block, x, y, valid / block, n);
  defineOutput(kernel, a.out, a.v, s.output.channels % s.output.block == 0 ? sum : select(ch == valid, sum, 0.f));
  return a;
}

void schedule(const Kernel &kernel, Conv &a, const ConvSchedule &p) {
  const KernelSpec &s = kernel.spec;
  const auto [c, x, y, k, n] = a.v;
  Var ko("ko"), xi("xi"), ki("ki"), t("t"), yo("yo"), yi("yi"), xt("xt");
  // Shifting the last tile inwards stores columns twice, which would add an addend in place twice: guard the stores there.
  const TailStrategy tail = s.output.width % p.tileColumns == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  if (a.row.defined()) {
    a.out.fuse(y, n, t).parallel(t);
    reorderOutput(kernel, a.out, {c, x, k, t});
    const Var xo = tile(a, a.row, p, ko, tail);
    a.row.compute_at(a.out, t).store_in(MemoryType::Heap).bound(c, 0, asInt(s.filter.block)).reorder(c, xi, ki, xo, y, ko, n);
    a.sum.compute_at(a.row, xo);
    return;
  }
  const Var xo = tile(a, a.out, p, ko, tail);
  a.out.split(y, yo, yi, asInt(p.rowsPerTask), TailStrategy::RoundUp)
      .split(xo, xt, xo, asInt(p.tilesPerTask), TailStrategy::RoundUp);
  if (p.filterOutermost) {
    // A task owns a tile's blocks of the filter for a band of rows of every image: each worker streams its part once.
    reorderOutput(kernel, a.out, {c, xi, ki, xo, yi, n, xt, yo, ko});
    a.out.fuse(xt, yo, t).fuse(t, ko, t).parallel(t);
  } else {
    reorderOutput(kernel, a.out, {c, xi, ki, xo, yi, ko, xt, yo, n});
    a.out.fuse(xt, yo, t).fuse(t, n, t).parallel(t);
  }
  a.sum.compute_at(a.out, xo);
}

} // namespace

Pipeline codegen::buildConv2d(const Kernel &kernel) {
  if (isDevice(kernel.spec.target))
    return buildDeviceConv2d(kernel);
  const ConvSchedule &parameters = kernel.spec.schedule;
  if (parameters.algorithm == ConvAlgorithm::Winograd)
    return buildWinograd(kernel);
  Conv conv = algorithm(kernel, parameters);
  bindOutput(kernel, conv.out);
  schedule(kernel, conv, parameters);
  Pipeline pipeline(conv.out);
  if (kernel.spec.filter.laneGroup() > 1)
    pipeline.add_custom_lowering_pass(new LaneExchange);
  if (parameters.filterOutermost && !conv.row.defined() && kernel.spec.filter.inputBlock == kChannelBlock) {
    const int64_t tasks = ceilDiv(kernel.spec.output.width, parameters.tileColumns) / parameters.tilesPerTask *
                          (kernel.spec.output.height / parameters.rowsPerTask);
    pipeline.add_custom_lowering_pass(
        new FilterPrefetch(kernel.spec.filter, kernel.name("filter"), kernel.name("r"), parameters.tileBlocks, tasks));
  }
  if (kernel.spec.epilogue.post)
    pipeline.add_custom_lowering_pass(new OutputPrefetch(kernel.name("sum"), kernel.name("out")));
  return pipeline;
}
