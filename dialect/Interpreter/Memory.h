// Simulated memory of the planned level: buffers lie in it as their layouts say, halo and padding lanes included.

#ifndef RESNET_DIALECT_INTERPRETER_MEMORY_H
#define RESNET_DIALECT_INTERPRETER_MEMORY_H

#include "dialect/Interpreter/Tensor.h"
#include <memory>

namespace resnet {

/// Where a buffer lies. Positions are in elements.
struct BufferPlace {
  std::shared_ptr<std::vector<float>> memory;
  int64_t start = 0;
  int64_t imageStride = 0;
  llvm::SmallVector<int64_t> shape; // with the run's batch
  ActivationGeometry geometry;

  /// Memory of its own for `shape`, all NaN: whatever is read before it is written shows in the result.
  static BufferPlace allocate(llvm::ArrayRef<int64_t> shape, const ActivationGeometry &geometry, int64_t imageStride);

  /// The images all lie inside the memory.
  bool fits() const;
  /// Any element of any image is shared.
  bool overlaps(const BufferPlace &other) const;
  bool operator==(const BufferPlace &) const = default;

  /// Writes the map; lanes without a channel become zero, the halo stays.
  void write(TensorView tensor) const;
  /// Reads the map, without halo.
  Tensor read() const;
  /// Reads the map and the halo around it, as it is: of shape [N, C, top + H + bottom, left + W + right].
  Tensor readWithHalo() const;
  void zeroHalo() const;
};

/// Memory of `elements` NaNs.
std::shared_ptr<std::vector<float>> allocateMemory(int64_t elements);

} // namespace resnet

#endif // RESNET_DIALECT_INTERPRETER_MEMORY_H
