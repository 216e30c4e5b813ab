// A stem on devices: a block of threads convolves what a tile of the pool's outputs reads into memory that it shares, and pools
// from there. Operands are those of Stem.cpp.

#include "codegen/halide/DeviceConv.h"
#include "codegen/halide/PoolAxis.h"
#include <limits>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

int asInt(int64_t v) { return static_cast<int>(v); }

struct Stem {
  DeviceConvSums conv;
  Func map; // (c, x, y, k, n): the convolution's activation, and anything outside of its map
  Func acc, out;
};

//   map(c, x, y) = activation(sum(c, x, y))
//   out(c, x, y) = MAX over the window's taps inside the map
Stem algorithm(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const auto axis = [&](int i, int64_t out, int64_t before, int64_t after) {
    return PoolAxis{asInt(s.convolved[i]), asInt(out),  asInt(s.poolKernel[i]), asInt(s.poolStrides[i]), 1,
                    asInt(before),         asInt(after)};
  };
  const PoolAxis ay = axis(0, s.output.height, s.poolPadding.top, s.poolPadding.bottom);
  const PoolAxis ax = axis(1, s.output.width, s.poolPadding.left, s.poolPadding.right);
  DeviceConvTile tile{s.convolved[1]};
  tile.anywhere = true;
  Stem a{deviceConvSums(kernel, tile), kernel.func("map"), kernel.func("acc"), kernel.func("out")};
  const auto [c, x, y, k, n] = a.conv.v;
  a.map(c, x, y, k, n) = activate(s.epilogue.activation, s.epilogue.activatedChannels, s.output.block, s.output.channels, c, k,
                                  a.conv.sum(c, x, y, k, n));
  const RDom r({{0, ax.kernel}, {0, ay.kernel}}, kernel.name("p"));
  const Expr px = ax.position(x, r[0]), py = ay.position(y, r[1]);
  const float lowest = -std::numeric_limits<float>::infinity();
  a.acc(c, x, y, k, n) = lowest;
  a.acc(c, x, y, k, n) = max(a.acc(c, x, y, k, n), select(ax.valid(px) && ay.valid(py), a.map(c, px, py, k, n), lowest));
  a.out(c, x, y, k, n) = a.acc(c, x, y, k, n);
  return a;
}

void schedule(const Kernel &kernel, Stem &a) {
  const ActivationGeometry &g = kernel.spec.output;
  const auto [c, x, y, k, n] = a.conv.v;
  Var xi("xi"), yi("yi"), yo("yo"), xo("xo"), mi("mi");
  const bool vectors = deviceLanes(kernel) > 1;
  const DeviceChannels channels = splitDeviceChannels(kernel, a.out, a.conv.v, g.block);
  const int columns = asInt(std::min<int64_t>(g.width, 4)), rows = asInt(std::min<int64_t>(g.height, 4));
  a.out.split(x, xo, xi, columns, TailStrategy::GuardWithIf).split(y, yo, yi, rows, TailStrategy::GuardWithIf);
  a.out.fuse(xo, yo, xo).reorder(channels.lane, xi, yi, xo, channels.block, n).gpu_blocks(xo, channels.block, n);
  const DeviceChannels mapChannels = splitDeviceChannels(kernel, a.map, a.conv.v, g.block);
  const auto mapped = [&](int i, int outputs) {
    return asInt((outputs - 1) * kernel.spec.poolStrides[i] + kernel.spec.poolKernel[i]);
  };
  a.map.compute_at(a.out, xo)
      .store_in(MemoryType::GPUShared)
      .bound_extent(x, mapped(1, columns))
      .bound_extent(y, mapped(0, rows));
  if (vectors) {
    a.out.gpu_threads(xi, yi);
    a.map.gpu_threads(x, y);
    a.acc.compute_at(a.out, xi).vectorize(c).update().vectorize(c);
    a.conv.sum.compute_at(a.map, x).vectorize(c).update().vectorize(c);
  } else {
    a.out.gpu_threads(channels.lane, xi, yi);
    a.map.gpu_threads(mapChannels.lane, x);
    a.acc.compute_at(a.out, channels.lane);
    a.conv.sum.compute_at(a.map, mapChannels.lane);
  }
}

} // namespace

Pipeline codegen::buildDeviceStem(const Kernel &kernel) {
  Stem stem = algorithm(kernel);
  bindOutput(kernel, stem.out);
  schedule(kernel, stem);
  return stem.out;
}
