// The operations' mathematics on plain tensors, as docs/Spec.md defines it: loops that accumulate in f64 and store f32 once.
// Shapes are those that the dialect's verifiers let through. Results do not depend on the number of threads.

#ifndef RESNET_DIALECT_INTERPRETER_REFERENCE_H
#define RESNET_DIALECT_INTERPRETER_REFERENCE_H

#include "dialect/IR/ResNetDialect.h"
#include "dialect/Interpreter/Tensor.h"
#include <array>
#include <optional>

namespace resnet::reference {

/// A sliding window; arrays are [y, x].
struct Window {
  std::array<int64_t, 2> kernel{1, 1}, strides{1, 1}, dilations{1, 1};
  Halo padding = {};
};

/// What happens to a sum before it is stored. Absent views add nothing.
struct Epilogue {
  TensorView bias;   // [O]
  TensorView addend; // the result's shape
  Activation activation = Activation::None;
  /// The activation covers the channels below; all where absent.
  std::optional<int64_t> activatedChannels;
};

/// `shape` is the result's. The input's halo is read where the padding reaches into it; beyond it the input is zero.
Tensor conv2d(TensorView input, TensorView filter, const Window &window, int64_t groups, const Epilogue &epilogue,
              llvm::ArrayRef<int64_t> shape);
Tensor maxPool2d(TensorView input, const Window &window, llvm::ArrayRef<int64_t> shape);
Tensor avgPool2d(TensorView input, const Window &window, bool countIncludePad, llvm::ArrayRef<int64_t> shape);
Tensor globalAvgPool(TensorView input);
Tensor globalMaxPool(TensorView input);
/// The input is [N, F], or a map of F elements an image.
Tensor linear(TensorView input, TensorView weight, TensorView bias);
/// `log`: the logarithm of it.
Tensor softmax(TensorView input, bool log);
Tensor head(TensorView input, TensorView weight, TensorView bias, bool softmax, bool log);
Tensor batchNorm(TensorView input, TensorView scale, TensorView offset, TensorView mean, TensorView variance, double epsilon);
Tensor groupNorm(TensorView input, TensorView scale, TensorView offset, int64_t groups, double epsilon);
/// Of one value. NaN stays.
double activate(Activation activation, double value);
/// activation((input * scale[c] + shift[c]) * gate[n, c] + addend); absent views scale by 1 and add nothing.
Tensor elementwise(TensorView input, TensorView scale, TensorView shift, TensorView gate, TensorView addend,
                   Activation activation);
/// `rhs` is of the shape of `lhs`, or a gate [N, C, 1, 1].
Tensor multiply(TensorView lhs, TensorView rhs);
Tensor hardSigmoid(TensorView input, double slope, double offset);
Tensor clip(TensorView input, double min, double max);
Tensor fakeQuantize(TensorView input, float scale, double zeroPoint, double low, double high);
/// result(n, c, y, x) = input(n, c*strides[0] + offsets[0], ...), or `fill` outside the input.
Tensor copy(TensorView input, std::array<int64_t, 3> offsets, std::array<int64_t, 3> strides, float fill,
            llvm::ArrayRef<int64_t> shape);
/// Padding by `value`, or by elements of the input; `low` is [c, y, x].
Tensor pad(TensorView input, std::array<int64_t, 3> low, PadMode mode, float value, llvm::ArrayRef<int64_t> shape);
Tensor expand(TensorView input, llvm::ArrayRef<int64_t> shape);
Tensor concat(llvm::ArrayRef<TensorView> inputs, llvm::ArrayRef<int64_t> shape);
Tensor transpose(TensorView input, llvm::ArrayRef<int64_t> permutation);

} // namespace resnet::reference

#endif // RESNET_DIALECT_INTERPRETER_REFERENCE_H
