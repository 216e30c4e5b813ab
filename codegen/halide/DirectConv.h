// The sums of a direct convolution and their register tile: what all kernels that convolve directly are made of.

#ifndef RESNET_CODEGEN_HALIDE_DIRECTCONV_H
#define RESNET_CODEGEN_HALIDE_DIRECTCONV_H

#include "codegen/halide/Kernel.h"

namespace resnet::codegen {

/// First block of the input that output block k of a tile of `tileBlocks` blocks reads: FilterGeometry::windowBase as an
/// expression.
Halide::Expr windowBase(const FilterGeometry &f, int64_t tileBlocks, Halide::Expr k);

struct ConvSums {
  Vars v;
  Halide::Func sum;            // (c, x, y, k, n), blocked like the filter
  Halide::RVar ci, cb, kx, ky; // input channel in its block, block of the window, column and row of the filter
  bool ownLanes = false;       // readsOwnLanes
};

/// The sums for a map that is `width` columns wide:
///   sum(co, x, y) = bias(co) + SUM over ci, kx, ky of filter(co, ci, kx, ky) * input(ci, x*sx + kx*dx - px, y*sy + ky*dy - py)
/// Columns beyond the map, in the last tile of a row, repeat the last column.
ConvSums convSums(const Kernel &kernel, const ConvSchedule &schedule, int64_t width);

/// Register tile of `f`, a Func over the sums with their variables: the sums of tileColumns x tileBlocks vectors live in
/// registers. Splits blocks into (ko, ki), reorders to (c, xi, ki, xo) and returns xo, the loop over tiles; `tail` is for the
/// columns of the last.
Halide::Var tile(ConvSums &a, Halide::Func f, const ConvSchedule &schedule, Halide::Var ko, Halide::TailStrategy tail);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_DIRECTCONV_H
