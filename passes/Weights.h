// Constants in rewrites: reading a model's weights, and making new ones that are stored as those they replace.

#ifndef RESNET_PASSES_WEIGHTS_H
#define RESNET_PASSES_WEIGHTS_H

#include "dialect/IR/Layouts.h"
#include "mlir/IR/PatternMatch.h"

namespace resnet {

/// The f32 elements of a constant operand; `elements` stays valid as long as this object and the constant.
class ConstantReader {
public:
  /// Reads `value`. False where it is absent, no constant, or has no f32 elements at hand (elided).
  bool read(mlir::Value value);

  ConstantOp op;
  llvm::ArrayRef<float> elements;

private:
  llvm::SmallVector<float> storage;
};

/// A constant of `shape` at the rewriter's insertion point. It is stored as `model` is: inline, or as a resource whose name
/// begins as the model's.
mlir::Value createConstantLike(mlir::OpBuilder &builder, mlir::Location loc, ConstantOp model, llvm::ArrayRef<int64_t> shape,
                               llvm::ArrayRef<float> elements, llvm::StringRef suffix = "");

/// What a batch normalisation computes, out = in * scale + shift a channel, in f64.
struct ScaleShift {
  llvm::SmallVector<double> scale, shift;
};

/// False where a value overflowed f32, as a product that is finite in f64 may.
bool allFinite(llvm::ArrayRef<float> values);

/// The scale and shift of `op`; none where an operand is no constant or a value is not finite.
std::optional<ScaleShift> scaleAndShift(BatchNormOp op);

} // namespace resnet

#endif // RESNET_PASSES_WEIGHTS_H
