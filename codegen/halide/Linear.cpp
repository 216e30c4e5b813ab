// Global pooling, fully connected layers, global average and fully connected layer in one kernel (Head), and softmax.
//   input  (c, x, y, k, n) for pooling and Head, (feature, n) otherwise
//   filter (co, ci, 1, 1, k), bias (co, k), output (feature, n); global pooling writes (c, 1, 1, k, n)
// A head is bound by streaming its filter: output blocks are the outer loop and images the inner one, so that the filter is
// read from memory once for kBatchTile images and every image is computed by the same code.

#include "codegen/halide/DeviceSchedules.h"
#include "codegen/halide/Kernel.h"
#include "codegen/schedules/Machine.h"
#include <functional>
#include <limits>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

/// Images whose pooled features and logits are kept in scratch at a time.
static constexpr int kBatchTile = 8;

static int asInt(int64_t v) { return static_cast<int>(v); }
static int allLanes(const ActivationGeometry &g) { return asInt(g.blocks() * g.block); }

/// Largest divisor of `total` up to `limit`: chains of additions that run side by side to hide their latency.
static int chains(int64_t total, int limit) {
  while (total % limit != 0)
    --limit;
  return limit;
}

//===-- Global pooling ----------------------------------------------------===//

namespace {
struct Pooled {
  Var ch{"ch"}, n{"n"};
  Func reduced, result; // (channel, n), padding lanes included: sum and mean, or the maximum
};
} // namespace

//   result(ch) = SUM over x, y of input(ch, x, y) / (H * W), or their MAX
static Pooled pool(const Kernel &kernel) {
  const ActivationGeometry &g = kernel.spec.input;
  const int block = asInt(g.block);
  Pooled a;
  a.reduced = kernel.func("reduced");
  a.result = kernel.func("pooled");
  const RDom r({{0, asInt(g.width)}, {0, asInt(g.height)}}, kernel.name("xy"));
  const Expr element = kernel.input(a.ch % block, r.x, r.y, a.ch / block, a.n);
  if (kernel.spec.kind == KernelKind::GlobalMaxPool) {
    a.reduced(a.ch, a.n) = -std::numeric_limits<float>::infinity();
    a.reduced(a.ch, a.n) = max(a.reduced(a.ch, a.n), element);
    a.result(a.ch, a.n) = a.reduced(a.ch, a.n);
  } else {
    a.reduced(a.ch, a.n) = 0.f;
    a.reduced(a.ch, a.n) += element;
    a.result(a.ch, a.n) = a.reduced(a.ch, a.n) / cast<float>(asInt(g.width * g.height));
  }
  return a;
}

// Within its consumer's image, for the channels that it wants: vectors of channels, four blocks side by side (latency of
// addition).
static void schedulePool(const Kernel &kernel, Pooled &a) {
  const ActivationGeometry &g = kernel.spec.input;
  Var c("c"), k("k"), ki("ki");
  if (g.block % machineOf(kernel.spec.target).lanes == 0) {
    const int together = chains(g.blocks(), 4);
    a.result.split(a.ch, k, c, asInt(g.block), TailStrategy::RoundUp).split(k, k, ki, together, TailStrategy::RoundUp);
    a.result.reorder(c, ki, k, a.n).vectorize(c).unroll(ki);
    a.reduced.compute_at(a.result, k).split(a.ch, k, c, asInt(g.block), TailStrategy::RoundUp).vectorize(c).unroll(k);
    const RVar x = a.reduced.rvars()[0], y = a.reduced.rvars()[1];
    a.reduced.update().split(a.ch, k, c, asInt(g.block), TailStrategy::RoundUp).reorder(c, k, x, y).vectorize(c).unroll(k);
  } else {
    a.reduced.compute_at(a.result, a.ch);
  }
}

Pipeline codegen::buildGlobalPool(const Kernel &kernel) {
  if (isDevice(kernel.spec.target))
    return buildDeviceGlobalPool(kernel);
  const ActivationGeometry &g = kernel.spec.output;
  const int channels = asInt(g.channels);
  Pooled a = pool(kernel);
  Func out = kernel.func("out");
  const Vars v;
  const Expr ch = v.k * asInt(g.block) + v.c;
  const bool sameBlock = g.block == kernel.spec.input.block;
  const Expr value = a.result(sameBlock ? ch : min(ch, channels - 1), v.n);
  out(v.c, v.x, v.y, v.k, v.n) = sameBlock || g.channels % g.block == 0 ? value : select(ch < channels, value, 0.f);

  bindOutput(kernel, out);
  schedulePool(kernel, a);
  if (sameBlock && g.block % machineOf(kernel.spec.target).lanes == 0) {
    Var t("t"), ko("ko"), ki("ki");
    const int together = chains(g.blocks(), 4);
    out.split(v.k, ko, ki, together, TailStrategy::RoundUp).reorder(v.c, ki, v.x, v.y, ko, v.n);
    out.vectorize(v.c).fuse(ko, v.n, t).parallel(t);
    a.result.compute_at(out, t).bound_extent(a.ch, together * asInt(g.block));
  } else {
    out.parallel(v.n);
    a.result.compute_at(out, v.n).store_in(MemoryType::Heap).bound(a.ch, 0, allLanes(kernel.spec.input));
  }
  return out;
}

//===-- Softmax -----------------------------------------------------------===//

namespace {
struct Softmax {
  Var f;
  Func highest, power, total; // (n), (f, n), (n)
  Expr value;                 // of feature f
};
} // namespace

//   value(f) = exp(x(f) - max) / SUM over i of exp(x(i) - max), or the logarithm of that; `own` is x(f), which repeats the last
//   feature behind it
static Softmax softmaxAlgorithm(const Kernel &kernel, const Var &f, const Var &n, const Expr &own,
                                const std::function<Expr(Expr)> &x) {
  const KernelSpec &s = kernel.spec;
  Softmax a{f, kernel.func("highest"), kernel.func("power"), kernel.func("total"), Expr()};
  const RDom all(0, asInt(s.output.channels), kernel.name("all"));
  a.highest(n) = x(0);
  a.highest(n) = max(a.highest(n), x(all));
  const Expr above = own - a.highest(n);
  a.power(f, n) = exp(above);
  a.total(n) = 0.f;
  a.total(n) += a.power(all, n);
  a.value = s.logarithm ? above - Internal::halide_log(a.total(n)) : a.power(f, n) / a.total(n);
  return a;
}

// Within its consumer's image.
static void scheduleSoftmax(const Kernel &kernel, Softmax &a, Func out, const Var &image) {
  a.highest.compute_at(out, image);
  a.power.compute_at(out, image)
      .store_in(MemoryType::Heap)
      .vectorize(a.f, machineOf(kernel.spec.target).lanes, TailStrategy::RoundUp);
  a.total.compute_at(out, image);
}

//===-- Linear and Head ---------------------------------------------------===//

//   out(f) = activation(bias(f) + SUM over ci of filter(f, ci) * feature(ci)), then softmax over f, and its logarithm, if asked
//   for
Pipeline codegen::buildLinear(const Kernel &kernel) {
  if (isDevice(kernel.spec.target))
    return buildDeviceLinear(kernel);
  const KernelSpec &s = kernel.spec;
  const FilterGeometry &g = s.filter;
  const bool head = s.kind == KernelKind::Head;
  const int block = asInt(g.block), classes = asInt(s.output.channels);
  const int features = asInt(s.output.blocks() * s.output.block);
  Var co("co"), k("k"), f("f"), n("n");

  Pooled pooled;
  if (head)
    pooled = pool(kernel);
  Func dot = kernel.func("dot"), logits = kernel.func("logits"), out = kernel.func("out");
  const RDom ci(0, asInt(g.inChannels), kernel.name("ci"));
  dot(co, k, n) = s.epilogue.bias ? kernel.bias(co, k) : Expr(0.f);
  dot(co, k, n) += kernel.filter(co, ci, 0, 0, k) * (head ? pooled.result(ci, n) : kernel.input(ci, n));
  logits(co, k, n) = activate(s.epilogue.activation, s.epilogue.activatedChannels, g.block, classes, co, k, dot(co, k, n));
  const auto logit = [&](Expr i) { return logits(i % block, i / block, n); };
  Softmax softmax;
  Expr value = logit(min(f, classes - 1));
  if (s.softmax) {
    softmax = softmaxAlgorithm(kernel, f, n, value, logit);
    value = softmax.value;
  }
  out(f, n) = features == classes ? value : select(f < classes, value, 0.f);

  // Schedule: for each kBatchTile images {pool; parallel over output blocks {images {dot products}}; write}.
  bindOutput(kernel, out);
  const int lanes = machineOf(s.target).lanes, together = chains(g.outBlocks(), 4);
  Var no("no"), ni("ni"), ko("ko"), ki("ki");
  out.split(n, no, ni, kBatchTile, TailStrategy::GuardWithIf).reorder(f, ni, no);
  if (features >= lanes)
    out.vectorize(f, lanes, TailStrategy::GuardWithIf);
  if (head) {
    schedulePool(kernel, pooled);
    pooled.result.compute_at(out, no).store_in(MemoryType::Heap).bound_storage(pooled.n, kBatchTile);
    pooled.result.bound(pooled.ch, 0, allLanes(s.input));
  }
  logits.compute_at(out, no).store_in(MemoryType::Heap).bound_storage(n, kBatchTile);
  logits.bound(co, 0, block).bound(k, 0, asInt(g.outBlocks()));
  logits.split(k, ko, ki, together, TailStrategy::RoundUp).reorder(co, ki, n, ko).vectorize(co).unroll(ki).parallel(ko);
  dot.compute_at(logits, n).vectorize(co).unroll(k);
  dot.update().reorder(co, k, ci.x).vectorize(co).unroll(k);
  if (s.softmax)
    scheduleSoftmax(kernel, softmax, out, ni);
  return out;
}

Pipeline codegen::buildSoftmax(const Kernel &kernel) {
  if (isDevice(kernel.spec.target))
    return buildDeviceSoftmax(kernel);
  const KernelSpec &s = kernel.spec;
  const int classes = asInt(s.output.channels), features = asInt(s.output.blocks() * s.output.block);
  Var f("f"), n("n");
  const auto input = [&](Expr i) -> Expr { return kernel.input(i, n); };
  Softmax softmax = softmaxAlgorithm(kernel, f, n, input(min(likely(f), classes - 1)), input);
  Func out = kernel.func("out");
  out(f, n) = features == classes ? softmax.value : select(f < classes, softmax.value, 0.f);

  bindOutput(kernel, out);
  const int lanes = machineOf(s.target).lanes;
  if (features >= lanes)
    out.vectorize(f, lanes, TailStrategy::GuardWithIf);
  out.parallel(n);
  scheduleSoftmax(kernel, softmax, out, n);
  return out;
}
