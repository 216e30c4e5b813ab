// One axis of a pooling window.

#ifndef RESNET_CODEGEN_HALIDE_POOLAXIS_H
#define RESNET_CODEGEN_HALIDE_POOLAXIS_H

#include "codegen/KernelSpec.h"
#include <Halide.h>

namespace resnet::codegen {

/// Rows or columns of `in` positions that windows of `kernel` taps pool to `out`.
struct PoolAxis {
  int in, out, kernel, stride, dilation, before, after;

  Halide::Expr position(Halide::Expr o, Halide::Expr tap) const { return o * stride + tap * dilation - before; }
  bool inside() const { return before == 0 && (out - 1) * stride + (kernel - 1) * dilation < in; }
  /// Clamped positions stay in the window, and every window holds one: then clamping cannot change a maximum.
  bool clampIsExact() const { return dilation == 1 && before < kernel && (out - 1) * stride - before < in; }
  Halide::Expr clamped(Halide::Expr p) const { return inside() ? p : clamp(likely(p), 0, in - 1); }
  Halide::Expr valid(Halide::Expr p) const { return inside() ? Halide::Internal::const_true() : p >= 0 && p < in; }
  /// Taps of window o at positions in [low, high).
  Halide::Expr count(Halide::Expr o, int low, int high) const {
    const Halide::Expr first = o * stride - before;
    const auto tapsBelow = [&](int bound) { return clamp((bound - first + dilation - 1) / dilation, 0, kernel); };
    return tapsBelow(high) - tapsBelow(low);
  }
};

/// The rows (0) or columns (1) of a stem's pool.
inline PoolAxis stemPoolAxis(const KernelSpec &s, int axis) {
  const auto asInt = [](int64_t v) { return static_cast<int>(v); };
  const Halo &p = s.poolPadding;
  return {asInt(s.convolved[axis]),
          asInt(axis == 0 ? s.output.height : s.output.width),
          asInt(s.poolKernel[axis]),
          asInt(s.poolStrides[axis]),
          1,
          asInt(axis == 0 ? p.top : p.left),
          asInt(axis == 0 ? p.bottom : p.right)};
}

/// Outputs of a row that are computed together, so that their windows share loads.
inline int poolColumns(int64_t width) {
  for (int t = 8; t >= 4; --t)
    if (width % t == 0)
      return t;
  return static_cast<int>(width < 4 ? width : 4);
}

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_POOLAXIS_H
