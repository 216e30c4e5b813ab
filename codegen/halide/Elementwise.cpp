// Element-wise remains and copies between layouts.
//   input, addend, output (c, x, y, k, n) of any blocks and halos; scale, shift (c, k) in the output's blocks
// Bound by memory. Equal blocks and dense rows move whole vectors; other pairs of blocks gather.

#include "codegen/halide/Kernel.h"
#include "codegen/schedules/Machine.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

static int asInt(int64_t v) { return static_cast<int>(v); }

//   out(c, x, y) = activation(input(c, x, y) * scale(c) + shift(c) + addend(c, x, y))
Pipeline codegen::buildElementwise(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const Vars v;
  const auto [c, x, y, k, n] = v;
  const int channels = asInt(s.output.channels);
  const bool sameBlock = s.input.block == s.output.block;
  const Expr ch = k * asInt(s.output.block) + c;
  Expr value = sameBlock ? kernel.input(c, x, y, k, n) : readChannel(kernel.input, s.input, min(ch, channels - 1), x, y, n);
  if (s.scaleShift)
    value = value * kernel.scale(c, k) + kernel.shift(c, k);
  if (!sameBlock && s.output.channels % s.output.block != 0)
    value = select(ch < channels, value, 0.f);
  Func out = kernel.func("out");
  out(c, x, y, k, n) = finish(kernel, v, value);

  bindOutput(kernel, out);
  scheduleStreaming(kernel, out, v);
  return out;
}

namespace {
/// One axis of a copy: output o reads input o * stride + offset.
struct CopyAxis {
  int in, out, stride, offset;
  Expr position(Expr o) const { return o * stride + offset; }
  bool inside() const { return offset >= 0 && (out - 1) * stride + offset < in; }
  Expr valid(Expr p) const { return inside() ? Internal::const_true() : p >= 0 && p < in; }
  Expr clamped(Expr p) const { return inside() ? p : clamp(likely(p), 0, in - 1); }
};
} // namespace

//   out(c, x, y) = input(c + oc, x*sx + ox, y*sy + oy), or `fill` where that is outside the input
Pipeline codegen::buildCopy(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const Vars v;
  const auto [c, x, y, k, n] = v;
  const int block = asInt(s.output.block);
  const CopyAxis ac{asInt(s.input.channels), asInt(s.output.channels), 1, asInt(s.copyOffset[0])};
  const CopyAxis ay{asInt(s.input.height), asInt(s.output.height), asInt(s.strides[0]), asInt(s.copyOffset[1])};
  const CopyAxis ax{asInt(s.input.width), asInt(s.output.width), asInt(s.strides[1]), asInt(s.copyOffset[2])};
  const Expr px = ax.position(x), py = ay.position(y);
  // Channels of the same lane move as vectors; the padding lanes are zero on both sides then.
  const bool sameLanes = s.input.block == s.output.block && ac.inside() && ac.offset % block == 0 &&
                         (ac.offset + ac.out == ac.in || ac.out % block == 0);
  const Expr lane = k * block + c;
  const Expr ch = s.output.channels % block == 0 ? ac.position(lane) : min(ac.position(lane), ac.in - 1);
  Expr value = sameLanes ? kernel.input(c, ax.clamped(px), ay.clamped(py), k + ac.offset / block, n)
                         : readChannel(kernel.input, s.input, ac.clamped(ch), ax.clamped(px), ay.clamped(py), n);
  if (!ac.inside() || !ay.inside() || !ax.inside())
    value = select(ac.valid(ac.position(lane)) && ay.valid(py) && ax.valid(px), value, s.fill);
  if (s.output.channels % block != 0 && (!sameLanes || s.fill != 0.f))
    value = select(lane < ac.out, value, 0.f);
  Func out = kernel.func("out");
  out(c, x, y, k, n) = value;

  bindOutput(kernel, out);
  scheduleStreaming(kernel, out, v);
  return out;
}
