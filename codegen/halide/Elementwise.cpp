// Element-wise operations.
//   input, addend, output (c, x, y, k, n) of any blocks and halos; scale, shift (c, k) in the output's blocks
//   gate (c, x, y, k, n) of any block: a map like the output's, or one element a channel
// Bound by memory. Equal blocks and dense rows move whole vectors; other pairs of blocks gather.

#include "codegen/halide/Kernel.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

static int asInt(int64_t v) { return static_cast<int>(v); }

// The element of a map of any block at the output's (c, k). Lanes behind the last channel repeat it where the block is another.
static Expr readAs(const ImageParam &p, const ActivationGeometry &g, const ActivationGeometry &output, const Vars &v, Expr x,
                   Expr y) {
  if (g.block == output.block)
    return p(v.c, x, y, v.k, v.n);
  const Expr ch = v.k * asInt(output.block) + v.c;
  const bool whole = output.channels % output.block == 0;
  return readChannel(p, g, whole ? ch : min(ch, asInt(output.channels) - 1), x, y, v.n);
}

//   out(c, x, y) = activation((input(c, x, y) * scale(c) + shift(c)) * gate(c, x, y) + addend(c, x, y))
Pipeline codegen::buildElementwise(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const Vars v;
  const auto [c, x, y, k, n] = v;
  const int channels = asInt(s.output.channels);
  Expr value = readAs(kernel.input, s.input, s.output, v, x, y);
  if (s.scaleShift)
    value = value * kernel.scale(c, k) + kernel.shift(c, k);
  if (s.hasGate()) {
    const bool one = s.gate.height * s.gate.width == 1;
    value *= readAs(kernel.gate, s.gate, s.output, v, one ? Expr(0) : x, one ? Expr(0) : y);
  }
  if (s.input.block != s.output.block && s.output.channels % s.output.block != 0)
    value = select(k * asInt(s.output.block) + c < channels, value, 0.f);
  Func out = kernel.func("out");
  out(c, x, y, k, n) = finish(kernel, v, value);

  bindOutput(kernel, out);
  scheduleStreaming(kernel, out, v);
  return out;
}
