// What the passes of the kernel level agree on: which operations are views of their input's bytes.

#ifndef RESNET_PASSES_KERNELANALYSIS_H
#define RESNET_PASSES_KERNELANALYSIS_H

#include "dialect/IR/Layouts.h"

namespace resnet {

/// A view of its operand's memory instead of a kernel: the operand, the first byte within an image, and whether it is all of it.
struct MemoryView {
  mlir::Value source;
  int64_t offset = 0;
  bool whole = true;
};

/// The view that `op` is by its types' layouts: a slice of whole blocks of channels, or a flatten or reshape that moves no byte.
std::optional<MemoryView> asMemoryView(mlir::Operation *op);

/// The value whose memory `value` views, through any number of views; `value` itself where it is none.
mlir::Value memoryRoot(mlir::Value value);

/// On planned buffers: the view of the arena or of the weights, or the argument, that a buffer is a part of.
mlir::Value bufferRoot(mlir::Value buffer);

/// Whether bufferRoot's result is a view of the arena.
bool isInArena(mlir::Value root);

/// True where the slice takes all rows and columns of consecutive channels that begin with a block and end with one or with the
/// last channel. Lanes beyond the last channel are zero then, as a layout promises.
bool slicesWholeBlocks(SliceOp op, int64_t block);

/// The operands that a kernel may overwrite with its result, by the kind of operation alone, the best first: the addend, then an
/// element-wise operation's other maps; a subsampled addend and a gate are none. It reads each element only for the result's
/// element of the same place.
llvm::SmallVector<mlir::OpOperand *> inPlaceCandidates(mlir::Operation *op);

} // namespace resnet

#endif // RESNET_PASSES_KERNELANALYSIS_H
