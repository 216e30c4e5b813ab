// Copies: between layouts, of a part, with a border, to a larger map, of several maps behind each other.
//   input, output (c, x, y, k, n) of any blocks and halos
// Bound by memory. Equal blocks and dense rows move whole vectors; other pairs of blocks gather.

#include "codegen/halide/Kernel.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

static int asInt(int64_t v) { return static_cast<int>(v); }

//===-- Copy --------------------------------------------------------------===//

namespace {
/// One axis of a copy: output o reads input o * stride + offset, or what the border makes of it.
struct CopyAxis {
  int in, out, stride, offset;
  Border border;
  static Expr magnitude(const Expr &p) { return max(p, -p); } // abs would be unsigned
  Expr position(Expr o) const {
    const Expr p = o * stride + offset;
    if (inside() || border == Border::Fill)
      return p;
    return border == Border::Edge ? clamp(likely(p), 0, in - 1) : in - 1 - magnitude(in - 1 - magnitude(p));
  }
  bool inside() const { return offset >= 0 && (out - 1) * stride + offset < in; }
  Expr valid(Expr p) const { return inside() ? Internal::const_true() : p >= 0 && p < in; }
  Expr clamped(Expr p) const { return inside() ? p : clamp(likely(p), 0, in - 1); }
};
} // namespace

bool codegen::copiesBlocks(const KernelSpec &s) {
  const int64_t offset = s.copyOffset[0], block = s.output.block, end = offset + s.output.channels;
  return s.input.block == block && offset >= 0 && end <= s.input.channels && offset % block == 0 &&
         (end == s.input.channels || s.output.channels % block == 0);
}

//   out(c, x, y) = input(c + oc, x*sx + ox, y*sy + oy); outside the input `fill`, its nearest element or its mirrored one
Pipeline codegen::buildCopy(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const Vars v;
  const auto [c, x, y, k, n] = v;
  const int block = asInt(s.output.block);
  const CopyAxis ac{asInt(s.input.channels), asInt(s.output.channels), 1, asInt(s.copyOffset[0]), s.border};
  const CopyAxis ay{asInt(s.input.height), asInt(s.output.height), asInt(s.strides[0]), asInt(s.copyOffset[1]), s.border};
  const CopyAxis ax{asInt(s.input.width), asInt(s.output.width), asInt(s.strides[1]), asInt(s.copyOffset[2]), s.border};
  const Expr px = ax.position(x), py = ay.position(y);
  const bool sameLanes = copiesBlocks(s);
  const Expr lane = k * block + c;
  const Expr ch = s.output.channels % block == 0 ? ac.position(lane) : min(ac.position(lane), ac.in - 1);
  Expr value = sameLanes ? kernel.input(c, ax.clamped(px), ay.clamped(py), k + ac.offset / block, n)
                         : readChannel(kernel.input, s.input, ac.clamped(ch), ax.clamped(px), ay.clamped(py), n);
  if (s.border == Border::Fill && (!ac.inside() || !ay.inside() || !ax.inside()))
    value = select(ac.valid(ac.position(lane)) && ay.valid(py) && ax.valid(px), value, s.fill);
  if (s.output.channels % block != 0 && (!sameLanes || s.fill != 0.f))
    value = select(lane < ac.out, value, 0.f);
  Func out = kernel.func("out");
  out(c, x, y, k, n) = value;

  bindOutput(kernel, out);
  scheduleStreaming(kernel, out, v);
  return out;
}

//===-- Concat ------------------------------------------------------------===//

//   out(c) = input i(c - first channel of i) for the i that has it
// Inputs that begin and end with the output's blocks are told apart block by block: each vector is loaded from one of them, and
// the loads from the others are of one block that stays in cache.
Pipeline codegen::buildConcat(const Kernel &kernel) {
  const KernelSpec &s = kernel.spec;
  const Vars v;
  const auto [c, x, y, k, n] = v;
  const int block = asInt(s.output.block);
  const Expr ch = k * block + c;
  Expr value;
  int first = 0;
  const auto append = [&](const ImageParam &p, const ActivationGeometry &g, bool isLast) {
    const int channels = asInt(g.channels);
    const bool sameLanes = g.block == block && first % block == 0 && (isLast || channels % block == 0);
    const Expr part = sameLanes ? p(c, x, y, clamp(k - first / block, 0, asInt(g.blocks()) - 1), n)
                                : readChannel(p, g, clamp(ch - first, 0, channels - 1), x, y, n);
    const Expr here = sameLanes ? k >= first / block : ch >= first;
    value = value.defined() ? select(here, part, value) : part;
    first += channels;
    if (isLast && !sameLanes && first % block != 0)
      value = select(ch < first, value, 0.f);
  };
  append(kernel.input, s.input, s.moreInputs.empty());
  for (size_t i = 0; i < s.moreInputs.size(); ++i)
    append(kernel.moreInputs[i], s.moreInputs[i], i + 1 == s.moreInputs.size());
  Func out = kernel.func("out");
  out(c, x, y, k, n) = value;

  bindOutput(kernel, out);
  scheduleStreaming(kernel, out, v);
  return out;
}
