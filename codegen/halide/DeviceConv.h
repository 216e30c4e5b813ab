// The sums of a direct convolution on a device: what all kernels that convolve there are made of.

#ifndef RESNET_CODEGEN_HALIDE_DEVICECONV_H
#define RESNET_CODEGEN_HALIDE_DEVICECONV_H

#include "codegen/halide/DeviceSchedules.h"

namespace resnet::codegen {

struct DeviceConvSums {
  Vars v;
  /// (ci, x, y, k, n) of the input, zero outside of the map: halos in a device's memory hold anything.
  Halide::Func padded;
  Halide::Func sum;            // (c, x, y, k, n), blocked like the output; lanes behind the last channel repeat it where that is
                               // otherwise than the filter
  Halide::RVar ci, cb, kx, ky; // input channel in its block, block of the window, column and row of the filter
  bool guards = false;         // `padded` is another than the input
};

/// How sums are computed.
struct DeviceConvTile {
  int64_t width = 1;               // of the map
  int64_t columns = 1, blocks = 1; // of a tile
  bool skipsRows = false;          // rows outside of the input are left out of the sums
  bool anywhere = false;           // sums outside of the map are computed, too, and mean nothing
};

///   sum(co, x, y) = bias(co) + SUM over ci, kx, ky of filter(co, ci, kx, ky) * padded(ci, x*sx + kx*dx - px, y*sy + ky*dy - py)
DeviceConvSums deviceConvSums(const Kernel &kernel, const DeviceConvTile &tile);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_DEVICECONV_H
