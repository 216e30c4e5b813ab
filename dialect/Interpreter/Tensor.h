// Tensors of the reference interpreter: dense row-major f32, their seeded values and their comparison. Plain C++, no IR.

#ifndef RESNET_DIALECT_INTERPRETER_TENSOR_H
#define RESNET_DIALECT_INTERPRETER_TENSOR_H

#include "dialect/IR/Geometry.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <vector>

namespace resnet {

/// Elements that the interpreter allocates for one tensor, or one memory, at most: 8 GiB. More is not a model but a mistake.
inline constexpr int64_t kMostElements = int64_t(1) << 31;

/// Whether a tensor of this static shape has more than kMostElements.
bool isTooLarge(llvm::ArrayRef<int64_t> shape);

/// A dense row-major tensor of f32.
struct Tensor {
  llvm::SmallVector<int64_t> shape;
  std::vector<float> elements;

  Tensor() = default;
  /// Zeros.
  explicit Tensor(llvm::ArrayRef<int64_t> shape);
  Tensor(llvm::ArrayRef<int64_t> shape, std::vector<float> elements);
};

/// A tensor that someone else keeps. `halo` is what the elements hold around each map besides the `shape`: an operand that a
/// planned convolution reads together with the memory around it. Everywhere else it is empty.
struct TensorView {
  llvm::ArrayRef<int64_t> shape;
  llvm::ArrayRef<float> elements;
  Halo halo;

  TensorView() = default;
  TensorView(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> elements) : shape(shape), elements(elements) {}
  TensorView(const Tensor &tensor) : shape(tensor.shape), elements(tensor.elements) {}
  explicit operator bool() const { return !shape.empty(); }
};

/// Uniform values in [-1, 1) that depend on the seed and an element's index only: the same on every machine.
Tensor randomInput(llvm::ArrayRef<int64_t> shape, uint64_t seed);

/// The largest |result - reference| relative to the largest |reference|; infinite where shapes differ or a result is not finite
/// and the reference is.
double relativeDifference(TensorView reference, TensorView result);

/// No element is infinite or NaN.
bool isFinite(TensorView tensor);

} // namespace resnet

#endif // RESNET_DIALECT_INTERPRETER_TENSOR_H
