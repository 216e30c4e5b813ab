// Blocks and threads of kernels that compute every element alone.

#include "codegen/halide/DeviceSchedules.h"
#include <algorithm>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

/// Threads of a block, where nothing else decides.
static constexpr int kThreads = 256, kVectorThreads = 32;
/// Lanes of a block that are threads beside each other.
static constexpr int kMostLaneThreads = 32;

static int asInt(int64_t v) { return static_cast<int>(v); }

// Whether each lane of the output is made of the same lane of the operands.
static bool keepsLanes(const KernelSpec &s) {
  const auto same = [&](const ActivationGeometry &g) { return g.channels == 0 || g.block == s.output.block; };
  switch (s.kind) {
  case KernelKind::Conv2d:
  case KernelKind::Stem:
    return s.output.block == s.filter.block && (s.filter.laneGroup() == 0 || same(s.input));
  case KernelKind::Copy:
    return copiesBlocks(s);
  case KernelKind::Concat: {
    const auto whole = [&](const ActivationGeometry &g) { return same(g) && g.channels % g.block == 0; };
    if (s.moreInputs.empty())
      return same(s.input);
    return whole(s.input) && std::all_of(s.moreInputs.begin(), s.moreInputs.end() - 1, whole) && same(s.moreInputs.back());
  }
  case KernelKind::Elementwise:
    return same(s.input) && same(s.gate) && (!s.epilogue.addend || same(s.addend));
  default:
    return same(s.input);
  }
}

int codegen::deviceLanes(const Kernel &kernel) {
  const int64_t block = kernel.spec.output.block;
  const bool vectors = kernel.spec.target == codegen::Target::OpenCL && (block == 4 || block == 8 || block == 16);
  return vectors && keepsLanes(kernel.spec) ? asInt(block) : 1;
}

DeviceChannels codegen::splitDeviceChannels(const Kernel &kernel, Func f, const Vars &v, int64_t block) {
  if (deviceLanes(kernel) > 1) {
    f.vectorize(v.c);
    return {v.c, v.k, 1};
  }
  if (block <= kMostLaneThreads)
    return {v.c, v.k, asInt(block)};
  Var ci("ci"), co("co"), k("kc");
  f.split(v.c, co, ci, kMostLaneThreads, TailStrategy::GuardWithIf).fuse(co, v.k, k);
  return {ci, k, kMostLaneThreads};
}

Var codegen::scheduleDeviceElements(const Kernel &kernel, Func out, const Vars &v) {
  const ActivationGeometry &g = kernel.spec.output;
  Var p("p"), pi("pi");
  const DeviceChannels channels = splitDeviceChannels(kernel, out, v, g.block);
  const bool vectors = deviceLanes(kernel) > 1;
  const int64_t most = vectors ? kVectorThreads : kThreads / channels.threads;
  const int threads = asInt(std::min(g.height * g.width, most));
  out.fuse(v.x, v.y, p).split(p, p, pi, threads, TailStrategy::GuardWithIf);
  reorderOutput(kernel, out, {channels.lane, pi, p, channels.block, v.n}, /*pairAt=*/vectors ? 1 : 0);
  out.gpu_blocks(p, channels.block, v.n);
  if (vectors) {
    out.gpu_threads(pi);
    return pi;
  }
  out.gpu_threads(channels.lane, pi);
  return channels.lane;
}
