// A network's stem: max pool of a direct convolution's activation.
//   input (c, x, y, k, n), filter (co, ci, kx, ky, k), bias (co, k) as for a convolution (Conv2d.cpp)
//   output (c, x, y, k, n), blocked like the filter
// A task is a group of output rows for a block of channels. It computes the rows of the map between the windows as the pool moves
// down, into a ring of a few rows that stays in cache; rows that two groups read are computed in both. ResNet's stem at 224x224
// takes 0.98 to 1.00 of its two kernels' time with warm caches at batch 1, and 0.94 to 0.95 at batch 8, where the map comes from
// memory (one Zen 5 core, AVX-512, resnet-kernel-bench).

#include "codegen/halide/DeviceSchedules.h"
#include "codegen/halide/DirectConv.h"
#include "codegen/halide/PoolAxis.h"
#include <limits>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

struct Stem {
  ConvSums conv;
  Func map; // (c, x, y, k, n): the convolution's activation
  Func acc, out;
  RVar kx, ky; // of the pool
};

int asInt(int64_t v) { return static_cast<int>(v); }

//   map(c, x, y) = activation(sum(c, x, y))
//   out(c, x, y) = MAX over the window's taps inside the map
Stem algorithm(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const PoolAxis ay = stemPoolAxis(s, 0), ax = stemPoolAxis(s, 1);
  Stem a{convSums(kernel, s.schedule, s.convolved[1]), kernel.func("map"), kernel.func("acc"), kernel.func("out"), {}, {}};
  const auto [c, x, y, k, n] = a.conv.v;
  a.map(c, x, y, k, n) = activate(s.epilogue.activation, s.epilogue.activatedChannels, s.output.block, s.output.channels, c, k,
                                  a.conv.sum(c, x, y, k, n));

  const RDom r({{0, ax.kernel}, {0, ay.kernel}}, kernel.name("p"));
  a.kx = r[0], a.ky = r[1];
  // Columns of the last tile beyond the map repeat the last one; they are never stored.
  const Expr column = ax.out % poolColumns(ax.out) == 0 ? Expr(x) : min(likely(x), ax.out - 1);
  const Expr px = ax.position(column, r[0]), py = ay.position(y, r[1]);
  const Expr value = a.map(c, ax.clamped(px), ay.clamped(py), k, n);
  const float lowest = -std::numeric_limits<float>::infinity();
  const bool exact = ax.clampIsExact() && ay.clampIsExact();
  a.acc(c, x, y, k, n) = lowest;
  a.acc(c, x, y, k, n) = max(a.acc(c, x, y, k, n), exact ? value : select(ax.valid(px) && ay.valid(py), value, lowest));
  a.out(c, x, y, k, n) = a.acc(c, x, y, k, n);
  return a;
}

void schedule(const Kernel &kernel, Stem &a) {
  const KernelSpec &s = kernel.spec;
  const ConvSchedule &p = s.schedule;
  const auto [c, x, y, k, n] = a.conv.v;
  Var ko("ko"), ki("ki"), yo("yo"), yi("yi"), xo("xo"), xi("xi"), t("t"), mo("mo");
  const int columns = poolColumns(s.output.width), rows = asInt(p.rowsPerTask);
  const auto tail = [](int64_t total, int64_t part) {
    return total % part == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  };
  a.out.split(y, yo, yi, rows, tail(s.output.height, rows))
      .split(k, ko, ki, asInt(p.tileBlocks), TailStrategy::RoundUp)
      .split(x, xo, xi, columns, tail(s.output.width, columns))
      .reorder(c, xi, xo, ki, yi, yo, ko, n)
      .vectorize(c)
      .unroll(xi)
      .fuse(yo, ko, t)
      .fuse(t, n, t)
      .parallel(t);
  a.acc.compute_at(a.out, xo).bound_extent(x, columns).vectorize(c).unroll(x);
  a.acc.update().reorder(c, x, a.kx, a.ky).vectorize(c).unroll(x);
  if (s.poolKernel[1] <= 4)
    a.acc.update().unroll(a.kx);

  int ring = 1; // rows of one window, as a power of two
  while (ring < s.poolKernel[0])
    ring *= 2;
  const Var tiles = tile(a.conv, a.map, p, mo, tail(s.convolved[1], p.tileColumns));
  a.map.store_at(a.out, t).compute_at(a.out, yi).store_in(MemoryType::Heap).bound(x, 0, asInt(s.convolved[1]));
  if (rows > 1)
    a.map.fold_storage(y, ring);
  else
    a.map.bound_storage(y, ring); // one window, nothing to fold
  a.conv.sum.compute_at(a.map, tiles);
}

} // namespace

Pipeline codegen::buildStem(const Kernel &kernel) {
  if (isDevice(kernel.spec.target))
    return buildDeviceStem(kernel);
  Stem stem = algorithm(kernel);
  bindOutput(kernel, stem.out);
  schedule(kernel, stem);
  return stem.out;
}
