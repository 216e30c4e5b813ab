// The bilinear algorithms behind Winograd convolutions in one dimension, as matrices. Plain C++: kernels, cost estimates and
// tests of the rounding error read the same numbers.

#ifndef RESNET_CODEGEN_SCHEDULES_WINOGRADTRANSFORM_H
#define RESNET_CODEGEN_SCHEDULES_WINOGRADTRANSFORM_H

#include <cstddef>
#include <vector>

namespace resnet::codegen {

using Matrix = std::vector<std::vector<double>>; // rows

/// m outputs of a correlation with `taps` weights and a stride, by `points` products:
///   out = A ((G w) * (B d)), d being `window` inputs, * the element-wise product.
/// Tiles of m outputs begin `step` inputs apart.
struct WinogradTransform {
  int outputs, taps, window, step;
  Matrix input;  // B: points x window
  Matrix filter; // G: distinct products' weights x taps; integers and halves, for the scales of the points are in A
  Matrix output; // A: outputs x points
  /// Row of `filter` for each point: points of a phase with one tap share their weight.
  std::vector<int> weightOf;

  int points() const { return static_cast<int>(input.size()); }
  int weights() const { return static_cast<int>(filter.size()); }
  /// By how much more than the definition's the rounding error of an output can grow with the largest input and weight, in one
  /// dimension: max over outputs of SUM over points |A| * |G|1 * |B|1, over the number of taps. Two dimensions: its square.
  double errorGrowth() const;
};

/// F(outputs, taps) by the Toom-Cook construction over the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity (Lavin and Gray 2015;
/// Blahut 2010, chapter 5). With stride s the correlation is the sum of its s phases, each of them a correlation with stride 1
/// over every s-th input; a phase with one tap needs no transform. At most seven points and infinity: outputs + taps <= 9 for
/// stride 1.
WinogradTransform winogradTransform(int outputs, int taps, int stride);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_WINOGRADTRANSFORM_H
