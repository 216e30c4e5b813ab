// Global pooling on devices: the threads of a block share a map's pixels.
//   input (c, x, y, k, n), output (c, 1, 1, k, n), of any blocks

#include "codegen/halide/DeviceSchedules.h"
#include <limits>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

int asInt(int64_t v) { return static_cast<int>(v); }

struct GlobalPool {
  Vars v;
  Var t{"t"};
  Func parts; // (c, t, k, n): every kParts-th pixel
  Func total, out;
  int partCount;
};

// Sums side by side hide the latency of additions in one thread; the threads of a block read neighbouring elements.
int partCount(const Kernel &kernel) {
  const int64_t block = kernel.spec.output.block;
  return deviceLanes(kernel) > 1 ? 4 : block == 1 ? 64 : 16;
}

Expr element(const Kernel &kernel, const Vars &v, const Expr &pixel) {
  const ActivationGeometry &in = kernel.spec.input, &out = kernel.spec.output;
  const Expr x = pixel % asInt(in.width), y = pixel / asInt(in.width);
  if (in.block == out.block)
    return kernel.input(v.c, x, y, v.k, v.n);
  return readChannel(kernel.input, in, min(v.k * asInt(out.block) + v.c, asInt(in.channels) - 1), x, y, v.n);
}

//   out(c) = SUM over x, y of input(c, x, y) / (H * W), or their MAX
GlobalPool algorithm(const Kernel &kernel) {
  const ActivationGeometry &in = kernel.spec.input, &out = kernel.spec.output;
  GlobalPool a{{}, Var("t"), kernel.func("parts"), kernel.func("total"), kernel.func("out"), partCount(kernel)};
  const auto [c, x, y, k, n] = a.v;
  const int pixels = asInt(in.height * in.width);
  RDom j(0, asInt(ceilDiv(pixels, a.partCount)), kernel.name("j"));
  const RDom parts(0, a.partCount, kernel.name("part"));
  const Expr pixel = j * a.partCount + a.t;
  if (pixels % a.partCount != 0)
    j.where(pixel < pixels);
  const Expr value = element(kernel, a.v, pixel);
  Expr result;
  if (kernel.spec.kind == KernelKind::GlobalMaxPool) {
    const float lowest = -std::numeric_limits<float>::infinity();
    a.parts(c, a.t, k, n) = lowest;
    a.parts(c, a.t, k, n) = max(a.parts(c, a.t, k, n), value);
    a.total(c, k, n) = lowest;
    a.total(c, k, n) = max(a.total(c, k, n), a.parts(c, parts, k, n));
    result = a.total(c, k, n);
  } else {
    a.parts(c, a.t, k, n) = 0.f;
    a.parts(c, a.t, k, n) += value;
    a.total(c, k, n) = 0.f;
    a.total(c, k, n) += a.parts(c, parts, k, n);
    result = a.total(c, k, n) / cast<float>(pixels);
  }
  if (in.block != out.block && out.channels % out.block != 0)
    result = select(k * asInt(out.block) + c < asInt(out.channels), result, 0.f);
  a.out(c, x, y, k, n) = result;
  return a;
}

void schedule(const Kernel &kernel, GlobalPool &a) {
  const int64_t block = kernel.spec.output.block;
  const auto [c, x, y, k, n] = a.v;
  const DeviceChannels channels = splitDeviceChannels(kernel, a.out, a.v, block);
  Var ki("ki");
  if (deviceLanes(kernel) > 1) {
    a.out.split(k, k, ki, asInt(std::min<int64_t>(8, kernel.spec.output.blocks())), TailStrategy::GuardWithIf);
    a.out.reorder(c, x, y, ki, k, n).gpu_blocks(k, n).gpu_threads(ki);
    a.total.compute_at(a.out, ki).vectorize(c).update().vectorize(c);
    a.parts.compute_at(a.out, ki).vectorize(c).unroll(a.t);
    const RVar j = a.parts.rvars()[0];
    a.parts.update().reorder(c, a.t, j, k, n).vectorize(c).unroll(a.t);
    return;
  }
  a.out.reorder(channels.lane, x, y, channels.block, n).gpu_blocks(channels.block, n).gpu_threads(channels.lane);
  a.total.compute_at(a.out, channels.lane).bound_extent(c, 1);
  a.parts.compute_at(a.out, channels.block).gpu_threads(c, a.t).update().gpu_threads(c, a.t);
}

} // namespace

Pipeline codegen::buildDeviceGlobalPool(const Kernel &kernel) {
  GlobalPool pool = algorithm(kernel);
  bindOutput(kernel, pool.out);
  schedule(kernel, pool);
  return pool.out;
}
