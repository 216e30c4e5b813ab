// Max and average pooling with windows.
//   input (c, x, y, k, n), output (c, x, y, k, n), of any blocks; equal ones are the fast path.
// Neither reads the halo: zeros there could win a maximum, and an average counts positions, not zeros.

#include "codegen/halide/DeviceSchedules.h"
#include "codegen/halide/Kernel.h"
#include "codegen/halide/PoolAxis.h"
#include "codegen/schedules/Machine.h"
#include <limits>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

struct Pool {
  Vars v;
  PoolAxis ax, ay;
  Func acc, out;
  RVar kx, ky;
};

int asInt(int64_t v) { return static_cast<int>(v); }

Expr readInput(const Kernel &kernel, const Vars &v, Expr ix, Expr iy) {
  const KernelSpec &s = kernel.spec;
  if (s.input.block == s.output.block)
    return kernel.input(v.c, ix, iy, v.k, v.n);
  const Expr ch = min(v.k * asInt(s.output.block) + v.c, asInt(s.input.channels) - 1);
  return readChannel(kernel.input, s.input, ch, ix, iy, v.n);
}

//   max:     out(c, x, y) = MAX over the window's taps inside the input
//   average: out(c, x, y) = SUM over them / number of taps inside the input, or inside input and padding
Pool algorithm(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const auto axis = [&](int i, int64_t in, int64_t out, int64_t before, int64_t after) {
    return PoolAxis{asInt(in),     asInt(out),  asInt(s.kernel[i]), asInt(s.strides[i]), asInt(s.dilations[i]),
                    asInt(before), asInt(after)};
  };
  Pool a;
  a.ay = axis(0, s.input.height, s.output.height, s.padding.top, s.padding.bottom);
  a.ax = axis(1, s.input.width, s.output.width, s.padding.left, s.padding.right);
  a.acc = kernel.func("acc");
  a.out = kernel.func("out");
  const auto [c, x, y, k, n] = a.v;
  const RDom r({{0, a.ax.kernel}, {0, a.ay.kernel}}, kernel.name("r"));
  a.kx = r[0], a.ky = r[1];

  // Columns of the last tile beyond the map repeat the last one; they are never stored.
  const Expr column = a.ax.out % poolColumns(a.ax.out) == 0 ? Expr(x) : min(likely(x), a.ax.out - 1);
  const Expr px = a.ax.position(column, r[0]), py = a.ay.position(y, r[1]);
  const Expr value = readInput(kernel, a.v, a.ax.clamped(px), a.ay.clamped(py));
  const Expr valid = a.ax.valid(px) && a.ay.valid(py);

  Expr result;
  if (s.kind == KernelKind::MaxPool2d) {
    const float lowest = -std::numeric_limits<float>::infinity();
    const bool exact = a.ax.clampIsExact() && a.ay.clampIsExact();
    a.acc(c, x, y, k, n) = lowest;
    a.acc(c, x, y, k, n) = max(a.acc(c, x, y, k, n), exact ? value : select(valid, value, lowest));
    result = a.acc(c, x, y, k, n);
  } else {
    a.acc(c, x, y, k, n) = 0.f;
    a.acc(c, x, y, k, n) += a.ax.inside() && a.ay.inside() ? value : select(valid, value, 0.f);
    const Expr count = s.countIncludePad
                           ? a.ax.count(x, -a.ax.before, a.ax.in + a.ax.after) * a.ay.count(y, -a.ay.before, a.ay.in + a.ay.after)
                           : a.ax.count(x, 0, a.ax.in) * a.ay.count(y, 0, a.ay.in);
    result = a.acc(c, x, y, k, n) / cast<float>(count);
  }
  if (s.output.channels % s.output.block != 0 && s.output.block != s.input.block)
    result = select(k * asInt(s.output.block) + c < asInt(s.output.channels), result, 0.f);
  a.out(c, x, y, k, n) = result;
  return a;
}

void schedule(const Kernel &kernel, Pool &a) {
  const KernelSpec &s = kernel.spec;
  const Machine m = machineOf(s.target);
  const auto [c, x, y, k, n] = a.v;
  Var t("t"), xo("xo"), xi("xi");
  const int columns = poolColumns(s.output.width);
  a.out.fuse(y, k, t).fuse(t, n, t).parallel(t);
  if (s.output.block % m.lanes == 0) {
    // Bound by memory: 3x3/2 reads each input row from cache 1.5 times.
    const TailStrategy tail = s.output.width % columns == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
    a.out.split(x, xo, xi, columns, tail).reorder(c, xi, xo, t).vectorize(c).unroll(xi);
    a.acc.compute_at(a.out, xo).bound(c, 0, asInt(s.output.block)).bound_extent(x, columns).vectorize(c).unroll(x);
    a.acc.update().reorder(c, x, a.kx, a.ky).vectorize(c).unroll(x);
    if (a.ax.kernel <= 4)
      a.acc.update().unroll(a.kx);
  } else {
    a.out.reorder(c, x, t);
    a.acc.compute_at(a.out, c);
  }
}

void scheduleOnDevice(const Kernel &kernel, Pool &a) {
  a.acc.compute_at(a.out, scheduleDeviceElements(kernel, a.out, a.v));
  if (deviceLanes(kernel) > 1)
    a.acc.vectorize(a.v.c).update().vectorize(a.v.c);
}

} // namespace

Pipeline codegen::buildPool2d(const Kernel &kernel) {
  Pool pool = algorithm(kernel);
  bindOutput(kernel, pool.out);
  if (isDevice(kernel.spec.target))
    scheduleOnDevice(kernel, pool);
  else
    schedule(kernel, pool);
  return pool.out;
}
