// What is computed while a model is imported: constants that are moved, broadcast and combined.

#ifndef RESNET_DIALECT_IMPORT_ONNXFOLDING_H
#define RESNET_DIALECT_IMPORT_ONNXFOLDING_H

#include "dialect/Import/OnnxNode.h"

namespace resnet {

/// Elements between neighbours of each axis of a dense tensor.
llvm::SmallVector<int64_t> stridesOf(llvm::ArrayRef<int64_t> shape);

/// Result `at` of the node is a tensor of `shape` whose element i is `source`'s at index(i).
void foldMoved(OnnxNode &node, const HostTensor &source, llvm::ArrayRef<int64_t> shape,
               llvm::function_ref<int64_t(int64_t)> index, size_t at = 0);
/// A move by a linear map: element (i0, i1, ...) of `shape` is source[base + sum i_d * steps[d]].
void foldStrided(OnnxNode &node, const HostTensor &source, llvm::ArrayRef<int64_t> shape, int64_t base,
                 llvm::ArrayRef<int64_t> steps, size_t at = 0);

/// NumPy's common shape of two; nothing where there is none.
std::optional<llvm::SmallVector<int64_t>> broadcastShapes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);
/// Position in a tensor of shape `from` of the element that position `i` of the broadcast `shape` reads.
int64_t broadcastIndex(int64_t i, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> from);

/// Add, Sub, Mul or Div, as the node is, of its two constant operands.
void foldBinary(OnnxNode &node, const HostTensor &a, const HostTensor &b);

/// Neg or Floor, as the node is, of its constant operand.
void foldUnary(OnnxNode &node);

/// Each element by a function; the same kind of floats.
HostTensor transformed(OnnxNode &node, const HostTensor &tensor, llvm::function_ref<float(float)> function);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ONNXFOLDING_H
