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

int codegen::deviceLanes(const Kernel &kernel, int64_t block) {
  const KernelSpec &s = kernel.spec;
  const bool vectors = s.target == codegen::Target::OpenCL && (block == 4 || block == 8 || block == 16);
  return vectors && (!usesFilter(s.kind) || block == s.filter.block) ? asInt(block) : 1;
}

DeviceChannels codegen::splitDeviceChannels(const Kernel &kernel, Func f, const Vars &v, int64_t block) {
  if (deviceLanes(kernel, block) > 1) {
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
  const bool vectors = deviceLanes(kernel, g.block) > 1;
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
