// From tensor types to geometry: what an encoding means in bytes, and small helpers that every stage shares.

#ifndef RESNET_DIALECT_IR_LAYOUTS_H
#define RESNET_DIALECT_IR_LAYOUTS_H

#include "dialect/IR/Geometry.h"
#include "dialect/IR/ResNetDialect.h"

namespace resnet {

/// No dimension, stride or padding of an image is larger: sums and products of a few of them stay inside 64 bits.
inline constexpr int64_t kLargestSize = int64_t(1) << 24;

/// What the dialect's operations take: tensors of f32 of rank 1, 2 or 4 that are static and not empty behind the batch.
/// Activations are of rank 2 or 4 and carry `#resnet.layout` or nothing, weights carry `#resnet.filter_layout` or nothing.
bool isActivations(mlir::RankedTensorType type);
bool isWeights(mlir::RankedTensorType type);
bool isTensor(mlir::RankedTensorType type);

/// Geometry of an activation tensor [N, C, H, W] or [N, F], by its `#resnet.layout` or dense where it has none.
ActivationGeometry activationGeometry(mlir::RankedTensorType type);

/// Geometry of a filter [O, I/groups, KH, KW], a weight [O, I] or a vector [O], by its `#resnet.filter_layout`;
/// requires that encoding.
FilterGeometry filterGeometry(mlir::RankedTensorType type);

/// Bytes that a constant takes among the packed weights: packed where it has a `#resnet.filter_layout`, else dense.
int64_t constantBytes(mlir::RankedTensorType type);

/// The type of a value that is a tensor.
inline mlir::RankedTensorType tensorType(mlir::Value value) { return mlir::cast<mlir::RankedTensorType>(value.getType()); }

/// `type` with another encoding (null: none).
mlir::RankedTensorType withEncoding(mlir::RankedTensorType type, mlir::Attribute encoding);

/// The same shape and element type, whatever the encodings.
bool sameShape(mlir::Type a, mlir::Type b);

/// Whether `gate` is one factor for each channel of each image of the map `type`: [N, C, 1, 1] beside [N, C, H, W].
bool isGateOf(mlir::RankedTensorType gate, mlir::RankedTensorType type);

/// The source model's name(s) for an operation, from its location: "conv1" or "conv1, bn1"; empty where it has none.
std::string sourceName(mlir::Location loc);

/// The elements of a constant, dense or from a resource; empty where they are elided or not f32. Splats and resources that are
/// not aligned are copied into `storage`.
llvm::ArrayRef<float> constantElements(mlir::ElementsAttr value, llvm::SmallVectorImpl<float> &storage);

/// A constant over `elements` (moved into a resource named after `name`), of shape `shape`.
mlir::ElementsAttr makeResource(mlir::RankedTensorType type, llvm::StringRef name, llvm::ArrayRef<float> elements);

/// Arrays that hold the same value everywhere.
bool allEqual(llvm::ArrayRef<int64_t> values, int64_t value);

/// [top, left, bottom, right] as a Halo.
Halo toHalo(llvm::ArrayRef<int64_t> padding);

} // namespace resnet

#endif // RESNET_DIALECT_IR_LAYOUTS_H
