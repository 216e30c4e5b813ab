// Group normalisation on devices: a block of threads has a unit of an image, as a task of GroupNorm.cpp has. Operands are the
// same.

#include "codegen/halide/DeviceSchedules.h"
#include "codegen/halide/GroupUnits.h"
#include <functional>
#include <tuple>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

int asInt(int64_t v) { return static_cast<int>(v); }

struct Units : GroupUnits {
  int parts; // of a channel's sum

  explicit Units(const KernelSpec &s) : GroupUnits(s), parts(block == 1 ? 64 : 16) {}
};

/// The sums of a value over the map.
struct MapSum {
  Func parts, total; // (c, t, ki, u, n): every parts-th pixel; (c, ki, u, n)
};

struct GroupNorm {
  Vars v;
  Var g{"g"}, t{"t"}, ki{"ki"}, u{"u"}; // group of the unit, part, block of the unit, unit
  MapSum sums, squares;
  Func mean, variance; // (g, u, n)
  Func out;
};

MapSum sumMap(const Kernel &kernel, const Units &units, GroupNorm &a, const char *name,
              const std::function<Expr(Expr, Expr)> &value) {
  const auto &[c, x, y, k, n] = a.v;
  const int width = asInt(kernel.spec.input.width), pixels = asInt(kernel.spec.input.height) * width;
  RDom j(0, asInt(ceilDiv(pixels, units.parts)), kernel.name((std::string(name) + "_j").c_str()));
  const RDom all(0, units.parts, kernel.name((std::string(name) + "_part").c_str()));
  const Expr pixel = j * units.parts + a.t;
  if (pixels % units.parts != 0)
    j.where(pixel < pixels);
  MapSum sum{kernel.func((std::string(name) + "_parts").c_str()), kernel.func(name)};
  sum.parts(c, a.t, a.ki, a.u, n) = 0.f;
  sum.parts(c, a.t, a.ki, a.u, n) += value(pixel % width, pixel / width);
  sum.total(c, a.ki, a.u, n) = 0.f;
  sum.total(c, a.ki, a.u, n) += sum.parts(c, all, a.ki, a.u, n);
  return sum;
}

//   mean(g) = SUM over c in g, x, y of input(c, x, y) / count,  variance(g) = SUM of (input(c, x, y) - mean(g))^2 / count
//   out(c, x, y) = (input(c, x, y) - mean(g)) * scale(c) / sqrt(variance(g) + epsilon) + shift(c)
GroupNorm algorithm(const Kernel &kernel, const Units &units) {
  const KernelSpec &s = kernel.spec;
  GroupNorm a;
  a.mean = kernel.func("mean"), a.variance = kernel.func("variance"), a.out = kernel.func("out");
  const auto &[c, x, y, k, n] = a.v;
  const auto &[g, ki, u] = std::tie(a.g, a.ki, a.u);
  const Expr block = u * units.blocks + ki;
  const auto groupOf = [&](const Expr &blockOfUnit) {
    return min((blockOfUnit * units.block + c) / units.perGroup, units.groups - 1);
  };
  const RDom rc(0, units.perGroup, kernel.name("rc"));
  const Expr member = g * units.perGroup + rc;
  const auto ofMember = [&](const Func &f) { return f(member % units.block, member / units.block, u, n); };
  const auto count = static_cast<float>(units.perGroup * s.input.height * s.input.width);

  a.sums = sumMap(kernel, units, a, "sum", [&](const Expr &px, const Expr &py) { return kernel.input(c, px, py, block, n); });
  a.mean(g, u, n) = 0.f;
  a.mean(g, u, n) += ofMember(a.sums.total) / count;
  a.squares = sumMap(kernel, units, a, "squares", [&](const Expr &px, const Expr &py) {
    const Expr difference = kernel.input(c, px, py, block, n) - a.mean(groupOf(ki), u, n);
    return difference * difference;
  });
  a.variance(g, u, n) = 0.f;
  a.variance(g, u, n) += ofMember(a.squares.total) / count;

  const Expr unit = k / units.blocks, group = groupOf(k % units.blocks);
  const Expr factor = kernel.scale(c, k) / sqrt(a.variance(group, unit, n) + s.epsilon);
  const Expr value = (kernel.input(c, x, y, k, n) - a.mean(group, unit, n)) * factor + kernel.shift(c, k);
  const int channels = asInt(s.output.channels);
  a.out(c, x, y, k, n) = channels % units.block == 0 ? value : select(k * units.block + c < channels, value, 0.f);
  return a;
}

// Lanes of a block as a loop of threads with, around it, one over parts of the block.
std::pair<Var, Var> splitLanes(Stage f, const Var &c) {
  Var ci("ci"), co("co");
  f.split(c, co, ci, 16, TailStrategy::GuardWithIf);
  return {ci, co};
}

void schedule(const Kernel &kernel, const Units &units, GroupNorm &a) {
  const auto &[c, x, y, k, n] = a.v;
  Var ku("ku"), kb("kb"), p("p"), pi("pi"), gi("gi");
  a.out.split(k, ku, kb, units.blocks, TailStrategy::RoundUp).fuse(x, y, p);
  a.out.split(p, p, pi, units.parts, TailStrategy::GuardWithIf);
  const auto [ci, co] = splitLanes(a.out, c);
  a.out.reorder(ci, pi, p, co, kb, ku, n).gpu_blocks(ku, n).gpu_threads(ci, pi);
  for (Func f : {a.mean, a.variance}) {
    f.compute_at(a.out, ku).store_in(MemoryType::GPUShared).bound(a.g, 0, units.groups).bound_extent(a.u, 1);
    f.split(a.g, a.g, gi, 16, TailStrategy::GuardWithIf).gpu_threads(gi);
    f.update().split(a.g, a.g, gi, 16, TailStrategy::GuardWithIf).reorder(f.rvars()[0], gi, a.g, a.u, n).gpu_threads(gi);
  }
  for (MapSum *sum : {&a.sums, &a.squares}) {
    sum->total.compute_at(a.out, ku).store_in(MemoryType::GPUShared).bound(c, 0, units.block).bound(a.ki, 0, units.blocks);
    sum->total.bound_extent(a.u, 1);
    for (Stage stage : {Stage(sum->total), sum->total.update()}) {
      const auto [lane, part] = splitLanes(stage, c);
      stage.gpu_threads(lane);
    }
    sum->parts.compute_at(sum->total, Var("co")).bound_extent(a.ki, 1).gpu_threads(c, a.t).update().gpu_threads(c, a.t);
  }
}

} // namespace

Pipeline codegen::buildDeviceGroupNorm(const Kernel &kernel) {
  const Units units(kernel.spec);
  GroupNorm norm = algorithm(kernel, units);
  bindOutput(kernel, norm.out);
  schedule(kernel, units, norm);
  return norm.out;
}
