// Normalisation by the statistics of each group of channels of each image; with as many groups as channels instance norm.
//   input, output (c, x, y, k, n) of one block; scale, shift (c, k)
// Two passes over the input for the statistics, the second around the first one's mean: squares of a map far from zero would
// cancel. Sums are by rows first, so that errors grow with rows and columns, not with their product. A task has a unit: the least
// number of blocks of channels that holds whole groups, or all channels of an image where units do not fill the blocks.

#include "codegen/halide/DeviceSchedules.h"
#include "codegen/halide/GroupUnits.h"
#include "codegen/halide/Kernel.h"
#include "codegen/schedules/Machine.h"
#include <functional>
#include <tuple>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

int asInt(int64_t v) { return static_cast<int>(v); }

struct Units : GroupUnits {
  int chains = 8; // sums of a row that run side by side

  explicit Units(const KernelSpec &s) : GroupUnits(s) {
    while (s.input.width % chains != 0)
      --chains;
  }
};

/// The sums of `value`, an expression of (c, xi, rx, y, ki, u, n), over the map.
struct MapSum {
  Func row, total; // (c, xi, y, ki, u, n): every chains-th element of a row; (c, ki, u, n)
  RVar rx, xi, y;
};

struct GroupNorm {
  Vars v;
  Var g{"g"}, xi{"xi"}, ki{"ki"}, u{"u"}; // group of the unit, chain, block of the unit, unit
  MapSum sums, squares;
  Func mean, variance;   // (g, u, n)
  Func laneMean, factor; // (c, ki, u, n)
  Func out;
};

MapSum sumMap(const Kernel &kernel, const Units &units, GroupNorm &a, const char *row, const char *total,
              const std::function<Expr(Expr)> &value) {
  const auto &[c, x, y, k, n] = a.v;
  const RDom rx(0, asInt(kernel.spec.input.width) / units.chains, kernel.name("rx"));
  const RDom r({{0, units.chains}, {0, asInt(kernel.spec.input.height)}}, kernel.name("ry"));
  MapSum sum{kernel.func(row), kernel.func(total), rx, r[0], r[1]};
  sum.row(c, a.xi, y, a.ki, a.u, n) = 0.f;
  sum.row(c, a.xi, y, a.ki, a.u, n) += value(rx * units.chains + a.xi);
  sum.total(c, a.ki, a.u, n) = 0.f;
  sum.total(c, a.ki, a.u, n) += sum.row(c, r[0], r[1], a.ki, a.u, n);
  return sum;
}

//   mean(g) = SUM over c in g, x, y of input(c, x, y) / count,  variance(g) = SUM of (input(c, x, y) - mean(g))^2 / count
//   out(c, x, y) = (input(c, x, y) - mean(g)) * factor(c) + shift(c),  factor(c) = scale(c) / sqrt(variance(g) + epsilon)
GroupNorm algorithm(const Kernel &kernel, const Units &units) {
  const KernelSpec &s = kernel.spec;
  GroupNorm a;
  a.mean = kernel.func("mean"), a.variance = kernel.func("variance"), a.laneMean = kernel.func("lane_mean");
  a.factor = kernel.func("factor"), a.out = kernel.func("out");
  const auto &[c, x, y, k, n] = a.v;
  const auto &[g, ki, u] = std::tie(a.g, a.ki, a.u);
  const Expr block = u * units.blocks + ki, group = min((ki * units.block + c) / units.perGroup, units.groups - 1);
  const RDom rc(0, units.perGroup, kernel.name("rc"));
  const Expr member = g * units.perGroup + rc;
  const auto ofMember = [&](const Func &f) { return f(member % units.block, member / units.block, u, n); };
  const auto count = static_cast<float>(units.perGroup * s.input.height * s.input.width);

  a.sums = sumMap(kernel, units, a, "row_sum", "sum", [&](const Expr &column) { return kernel.input(c, column, y, block, n); });
  a.mean(g, u, n) = 0.f;
  a.mean(g, u, n) += ofMember(a.sums.total) / count;
  a.laneMean(c, ki, u, n) = a.mean(group, u, n);
  a.squares = sumMap(kernel, units, a, "row_squares", "squares", [&](const Expr &column) {
    const Expr difference = kernel.input(c, column, y, block, n) - a.laneMean(c, ki, u, n);
    return difference * difference;
  });
  a.variance(g, u, n) = 0.f;
  a.variance(g, u, n) += ofMember(a.squares.total) / count;
  a.factor(c, ki, u, n) = kernel.scale(c, block) / sqrt(a.variance(group, u, n) + s.epsilon);

  const Expr ofUnit = k % units.blocks, unit = k / units.blocks;
  const Expr centred = kernel.input(c, x, y, k, n) - a.laneMean(c, ofUnit, unit, n);
  const Expr value = centred * a.factor(c, ofUnit, unit, n) + kernel.shift(c, k);
  const int channels = asInt(s.output.channels);
  a.out(c, x, y, k, n) = channels % units.block == 0 ? value : select(k * units.block + c < channels, value, 0.f);
  return a;
}

void schedule(const Kernel &kernel, const Units &units, GroupNorm &a) {
  const auto &[c, x, y, k, n] = a.v;
  Var ku("ku"), kb("kb"), t("t");
  a.out.split(k, ku, kb, units.blocks, TailStrategy::RoundUp).reorder(c, x, y, kb, ku, n).fuse(ku, n, t).parallel(t);
  const bool vectors = units.block % machineOf(kernel.spec.target).lanes == 0;
  if (vectors)
    a.out.vectorize(c);
  for (Func f : {a.laneMean, a.factor, a.sums.total, a.squares.total}) {
    f.compute_at(a.out, t).bound(c, 0, units.block).bound(a.ki, 0, units.blocks).bound_extent(a.u, 1);
    if (vectors)
      f.vectorize(c);
  }
  for (Func f : {a.mean, a.variance})
    f.compute_at(a.out, t).bound(a.g, 0, units.groups).bound_extent(a.u, 1);
  for (MapSum *sum : {&a.sums, &a.squares}) {
    sum->total.update().reorder(c, sum->xi, sum->y, a.ki, a.u, n).unroll(sum->xi);
    sum->row.compute_at(sum->total, sum->y).bound(c, 0, units.block).bound(a.xi, 0, units.chains).unroll(a.xi);
    sum->row.update().reorder(c, a.xi, sum->rx, y, a.ki, a.u, n).unroll(a.xi);
    if (vectors) {
      sum->total.update().vectorize(c);
      sum->row.vectorize(c).update().vectorize(c);
    }
  }
}

} // namespace

Pipeline codegen::buildGroupNorm(const Kernel &kernel) {
  if (isDevice(kernel.spec.target))
    return buildDeviceGroupNorm(kernel);
  const Units units(kernel.spec);
  GroupNorm norm = algorithm(kernel, units);
  bindOutput(kernel, norm.out);
  schedule(kernel, units, norm);
  return norm.out;
}
