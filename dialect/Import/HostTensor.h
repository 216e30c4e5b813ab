// Tensors whose values are known while a model is imported: weights, and the integers of shape arithmetic.

#ifndef RESNET_DIALECT_IMPORT_HOSTTENSOR_H
#define RESNET_DIALECT_IMPORT_HOSTTENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>
#include <optional>

namespace resnet {

/// Elements of a tensor of this shape; nothing where a dimension is negative or the product passes 2^40.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

/// Memory for `count` floats, aligned as weights are; null where there is none.
std::shared_ptr<float> allocateFloats(int64_t count);

/// A constant. Copies share the floats, which nobody writes once they are filled.
struct HostTensor {
  /// Int8 and UInt8 are quantised weights: whole numbers, kept as floats like the weights that DequantizeLinear makes of them.
  enum class Kind { Float, Integer, Int8, UInt8 };
  /// An element of shape arithmetic; nothing stands for the dynamic batch.
  using Integer = std::optional<int64_t>;

  Kind kind = Kind::Float;
  llvm::SmallVector<int64_t> shape;
  std::vector<Integer> integers;
  std::shared_ptr<float> floats; // null: every element is `splat`
  float splat = 0;

  static HostTensor ofIntegers(llvm::ArrayRef<int64_t> shape, std::vector<Integer> elements);
  /// A vector of integers.
  static HostTensor ofIntegers(llvm::ArrayRef<int64_t> elements);
  static HostTensor ofFloats(llvm::ArrayRef<int64_t> shape, std::shared_ptr<float> elements, Kind kind = Kind::Float);
  static HostTensor ofSplat(llvm::ArrayRef<int64_t> shape, float value, Kind kind = Kind::Float);

  bool isFloat() const { return kind == Kind::Float; }
  /// Its elements are in `integers`, not in `floats` or `splat`.
  bool holdsIntegers() const { return kind == Kind::Integer; }
  int64_t count() const { return *countElements(shape); }
  float floatAt(int64_t i) const { return floats ? floats.get()[i] : splat; }

  /// Position of the first element that is not finite; -1 where all are.
  int64_t findNonFinite() const;

  /// The floats as an attribute: a resource named `name` that shares them, or a splat.
  mlir::ElementsAttr toAttribute(mlir::MLIRContext *context, llvm::StringRef name) const;
};

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_HOSTTENSOR_H
