// Fully connected layers, heads and softmax on devices. Operands are those of Linear.cpp.
// A block of threads has some blocks of outputs of an image, whose sums its threads share; in a head it pools all features for
// itself, which costs less than a kernel of its own. With softmax a block has all outputs of an image.

#include "codegen/halide/DeviceSchedules.h"
#include <functional>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

constexpr int kThreads = 256;    // of a block whose threads lie in a row
constexpr int kVectorBlocks = 8; // blocks of outputs that as many threads of vectors compute, side by side
constexpr int kLogitParts = 32;  // of a sum or maximum over all outputs

int asInt(int64_t v) { return static_cast<int>(v); }

//===-- Pooled features ---------------------------------------------------===//

struct Features {
  Var ci{"ci"}, n{"n"};
  Func reduced, pooled; // (ci, n); undefined where the input is what they are
};

//   pooled(ci) = SUM over x, y of input(ci, x, y) / (H * W)
Features features(const Kernel &kernel) {
  Features a;
  if (kernel.spec.kind != KernelKind::Head)
    return a;
  const ActivationGeometry &g = kernel.spec.input;
  const int block = asInt(g.block);
  a.reduced = kernel.func("reduced"), a.pooled = kernel.func("pooled");
  const RDom r({{0, asInt(g.width)}, {0, asInt(g.height)}}, kernel.name("xy"));
  a.reduced(a.ci, a.n) = 0.f;
  a.reduced(a.ci, a.n) += kernel.input(a.ci % block, r.x, r.y, a.ci / block, a.n);
  a.pooled(a.ci, a.n) = a.reduced(a.ci, a.n) / cast<float>(asInt(g.width * g.height));
  return a;
}

Expr feature(const Kernel &kernel, const Features &a, const Expr &ci, const Expr &n) {
  const Expr existing = min(ci, asInt(kernel.spec.filter.inChannels) - 1);
  return a.pooled.defined() ? a.pooled(existing, n) : kernel.input(existing, n);
}

// Parts of a sum: for the threads of a block to share, or side by side in one to hide the latency of additions.
int partCount(bool vectors) { return vectors ? 4 : 16; }

bool computesVectors(const Kernel &kernel) {
  return kernel.spec.target == codegen::Target::OpenCL && kernel.spec.filter.block == kChannelBlock;
}

// In memory that the threads share, in front of `block` of `consumer`: threads of `across` by `down`.
void scheduleFeatures(const Kernel &kernel, Features &a, Func consumer, const Var &block, int across, int down) {
  if (!a.pooled.defined())
    return;
  Var outer("outer"), inner("inner"), lane("lane");
  a.pooled.compute_at(consumer, block).store_in(MemoryType::GPUShared).bound_extent(a.n, 1);
  const ActivationGeometry &g = kernel.spec.input;
  if (computesVectors(kernel) && g.block == kChannelBlock) {
    a.pooled.bound(a.ci, 0, asInt(g.blocks() * g.block)).split(a.ci, inner, lane, asInt(kChannelBlock), TailStrategy::RoundUp);
    a.pooled.split(inner, outer, inner, asInt(std::min<int64_t>(32, g.blocks())), TailStrategy::GuardWithIf);
    a.pooled.vectorize(lane).gpu_threads(inner);
    a.reduced.compute_at(a.pooled, inner).vectorize(a.ci).update().vectorize(a.ci);
    return;
  }
  a.pooled.split(a.ci, inner, lane, across, TailStrategy::GuardWithIf);
  a.pooled.split(inner, outer, inner, down, TailStrategy::GuardWithIf).gpu_threads(lane, inner);
  a.reduced.compute_at(a.pooled, lane);
}

//===-- Softmax -----------------------------------------------------------===//

struct Softmax {
  Var f, t{"t"};
  Func highestParts, highest, power, totalParts, total; // (t, n), (n), (f, n), (t, n), (n)
  Expr value;                                           // of feature f
};

//   value(f) = exp(x(f) - max) / SUM over i of exp(x(i) - max), or the logarithm of that
Softmax softmaxAlgorithm(const Kernel &kernel, const Var &f, const Var &n, const std::function<Expr(Expr)> &x) {
  const KernelSpec &s = kernel.spec;
  const int classes = asInt(s.output.channels);
  Softmax a{f,
            Var("t"),
            kernel.func("highest_parts"),
            kernel.func("highest"),
            kernel.func("power"),
            kernel.func("total_parts"),
            kernel.func("total"),
            Expr()};
  const RDom j(0, asInt(ceilDiv(classes, kLogitParts)), kernel.name("j")), parts(0, kLogitParts, kernel.name("part"));
  const Expr i = j * kLogitParts + a.t, existing = min(i, classes - 1), own = x(min(f, classes - 1));
  a.highestParts(a.t, n) = x(0);
  a.highestParts(a.t, n) = max(a.highestParts(a.t, n), x(existing));
  a.highest(n) = a.highestParts(0, n);
  a.highest(n) = max(a.highest(n), a.highestParts(parts, n));
  a.power(f, n) = exp(own - a.highest(n));
  a.totalParts(a.t, n) = 0.f;
  a.totalParts(a.t, n) += select(i < classes, a.power(existing, n), 0.f);
  a.total(n) = 0.f;
  a.total(n) += a.totalParts(parts, n);
  a.value = s.logarithm ? own - a.highest(n) - Internal::halide_log(a.total(n)) : a.power(f, n) / a.total(n);
  return a;
}

// A block of threads an image, each thread an output.
void scheduleSoftmax(Softmax &a, Func out, const Var &n, int64_t features) {
  Var fi("fi");
  const int threads = asInt(std::min<int64_t>(features, kThreads));
  out.split(a.f, a.f, fi, threads, TailStrategy::GuardWithIf).gpu_threads(fi).gpu_blocks(n);
  for (Func f : {a.highestParts, a.totalParts})
    f.compute_at(out, n).gpu_threads(a.t).update().gpu_threads(a.t);
  a.power.compute_at(out, n).store_in(MemoryType::GPUShared).split(a.f, a.f, fi, threads, TailStrategy::GuardWithIf);
  a.power.gpu_threads(fi);
  // A few additions: every thread makes them for itself.
  for (Func f : {a.highest, a.total})
    f.compute_at(out, n).store_in(MemoryType::GPUShared);
}

//===-- Fully connected ---------------------------------------------------===//

struct Linear {
  Var f{"f"}, co{"co"}, k{"k"}, n{"n"}, t{"t"};
  Features features;
  Func parts, dot, logits; // (co, t, k, n), (co, k, n)
  Softmax softmax;
  Func out; // (f, n)
};

//   out(f) = activation(bias(f) + SUM over ci of filter(f, ci) * feature(ci)), then softmax over f, and its logarithm, if asked
//   for
Linear algorithm(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const FilterGeometry &g = s.filter;
  const int block = asInt(g.block), classes = asInt(s.output.channels), inputs = asInt(g.inChannels);
  Linear a;
  const auto &[f, co, k, n, t] = std::tie(a.f, a.co, a.k, a.n, a.t);
  a.features = features(kernel);
  a.parts = kernel.func("parts"), a.dot = kernel.func("dot"), a.logits = kernel.func("logits"), a.out = kernel.func("out");
  const int parts = partCount(computesVectors(kernel));
  RDom j(0, asInt(ceilDiv(inputs, parts)), kernel.name("j"));
  const RDom all(0, parts, kernel.name("part"));
  const Expr ci = j * parts + t;
  if (inputs % parts != 0)
    j.where(ci < inputs);
  a.parts(co, t, k, n) = 0.f;
  a.parts(co, t, k, n) += kernel.filter(co, ci, 0, 0, k) * feature(kernel, a.features, ci, n);
  a.dot(co, k, n) = s.epilogue.bias ? kernel.bias(co, k) : Expr(0.f);
  a.dot(co, k, n) += a.parts(co, all, k, n);
  a.logits(co, k, n) = activate(s.epilogue.activation, s.epilogue.activatedChannels, g.block, classes, co, k, a.dot(co, k, n));
  const auto logit = [&](const Expr &i) -> Expr { return a.logits(i % block, i / block, n); };
  Expr value = logit(min(f, classes - 1));
  if (s.softmax) {
    a.softmax = softmaxAlgorithm(kernel, f, n, logit);
    value = a.softmax.value;
  }
  a.out(f, n) = s.output.channels % s.output.block == 0 ? value : select(f < classes, value, 0.f);
  return a;
}

// Sums of a block of outputs, whose parts the threads of a block share: in front of loop `block` of `consumer`, the sums in its
// loop `lane`.
void scheduleShared(const Kernel &kernel, Linear &a, Func consumer, const Var &block, const Var &lane) {
  a.dot.compute_at(consumer, lane);
  a.parts.compute_at(consumer, block).bound(a.co, 0, asInt(kernel.spec.filter.block)).gpu_threads(a.co, a.t);
  a.parts.update().reorder(a.co, a.t, a.parts.rvars()[0], a.k, a.n).gpu_threads(a.co, a.t);
}

// Sums of a block of outputs as vectors, in a thread of `consumer`.
void scheduleVectors(Linear &a, Func consumer, const Var &thread) {
  a.dot.compute_at(consumer, thread).bound(a.co, 0, asInt(kChannelBlock)).vectorize(a.co).update().vectorize(a.co);
  a.parts.compute_at(consumer, thread).bound(a.co, 0, asInt(kChannelBlock)).vectorize(a.co).unroll(a.t);
  a.parts.update().reorder(a.co, a.t, a.parts.rvars()[0], a.k, a.n).vectorize(a.co).unroll(a.t);
}

// A block of threads an image: all outputs are in memory that they share before softmax begins.
void scheduleWithSoftmax(const Kernel &kernel, Linear &a) {
  const KernelSpec &s = kernel.spec;
  const int block = asInt(s.filter.block), blocks = asInt(s.filter.outBlocks());
  scheduleSoftmax(a.softmax, a.out, a.n, s.output.blocks() * s.output.block);
  a.logits.compute_at(a.out, a.n).store_in(MemoryType::GPUShared).bound(a.co, 0, block).bound(a.k, 0, blocks);
  if (computesVectors(kernel)) {
    Var ki("ki");
    a.logits.split(a.k, a.k, ki, std::min(blocks, 32), TailStrategy::GuardWithIf).vectorize(a.co).gpu_threads(ki);
    scheduleVectors(a, a.logits, ki);
  } else {
    a.logits.gpu_threads(a.co);
    scheduleShared(kernel, a, a.logits, a.k, a.co);
  }
  scheduleFeatures(kernel, a.features, a.out, a.n, block, partCount(false));
}

// A block of threads one block of outputs, or a few where threads compute vectors.
void scheduleAlone(const Kernel &kernel, Linear &a) {
  const int block = asInt(kernel.spec.filter.block);
  Var k("k"), ki("ki"), co("co");
  a.out.split(a.f, k, co, block, TailStrategy::GuardWithIf);
  if (computesVectors(kernel)) {
    const int blocks = asInt(std::min<int64_t>(kVectorBlocks, kernel.spec.filter.outBlocks()));
    a.out.split(k, k, ki, blocks, TailStrategy::GuardWithIf).gpu_blocks(k, a.n).gpu_threads(ki);
    a.logits.compute_at(a.out, ki).bound(a.co, 0, block).vectorize(a.co);
    scheduleVectors(a, a.out, ki);
  } else {
    a.out.gpu_blocks(k, a.n).gpu_threads(co);
    a.logits.compute_at(a.out, co).bound_extent(a.co, 1).bound_extent(a.k, 1);
    scheduleShared(kernel, a, a.out, k, co);
  }
  scheduleFeatures(kernel, a.features, a.out, k, block, partCount(false));
}

} // namespace

Pipeline codegen::buildDeviceLinear(const Kernel &kernel) {
  Linear a = algorithm(kernel);
  bindOutput(kernel, a.out);
  if (kernel.spec.softmax)
    scheduleWithSoftmax(kernel, a);
  else
    scheduleAlone(kernel, a);
  return a.out;
}

Pipeline codegen::buildDeviceSoftmax(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const int classes = asInt(s.output.channels);
  Var f("f"), n("n");
  Softmax softmax = softmaxAlgorithm(kernel, f, n, [&](const Expr &i) -> Expr { return kernel.input(i, n); });
  Func out = kernel.func("out");
  out(f, n) = s.output.channels % s.output.block == 0 ? softmax.value : select(f < classes, softmax.value, 0.f);
  bindOutput(kernel, out);
  scheduleSoftmax(softmax, out, n, s.output.blocks() * s.output.block);
  return out;
}
