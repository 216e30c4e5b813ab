// Direct convolution on devices. Operands are those of Conv2d.cpp, but nothing is known of halos.

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
  const int block = asInt(s.filter.block);
  Conv a(deviceConvSums(kernel, tile));
  a.out = kernel.func("out");
  const auto [c, x, y, k, n] = a.v;
  if (s.output.block == s.filter.block) {
    defineOutput(kernel, a.out, a.v, a.sum(c, x, y, k, n));
    return a;
  }
  const Expr ch = k * asInt(s.output.block) + c;
  const Expr valid = min(ch, asInt(s.output.channels) - 1);
  const Expr sum = a.sum(valid % block, x, y, valid / block, n);
  defineOutput(kernel, a.out, a.v, s.output.channels % s.output.block == 0 ? sum : select(ch == valid, sum, 0.f));
  return a;
}

// Every element by a thread of its own.
void scheduleElements(const Kernel &kernel, Conv &a) {
  const Var thread = scheduleDeviceElements(kernel, a.out, a.v);
  a.sum.compute_at(a.out, thread);
  if (deviceLanes(kernel) > 1)
    a.sum.vectorize(a.v.c).update().vectorize(a.v.c);
  if (kernel.gatheredAddend)
    Func(*kernel.gatheredAddend).compute_at(a.out, thread);
}

} // namespace

Pipeline codegen::buildDeviceConv2d(const Kernel &kernel) {
  Conv conv = algorithm(kernel, {kernel.spec.output.width});
  bindOutput(kernel, conv.out);
  scheduleElements(kernel, conv);
  Pipeline pipeline(conv.out);
  if (deviceLanes(kernel) > 1 && kernel.spec.filter.laneGroup() > 1) {
    conv.sum.update().unroll(conv.ci);
    pipeline.add_custom_lowering_pass(new LaneExchange(/*openCl=*/true));
  }
  return pipeline;
}
