// The window of a convolution or pool, as ONNX's attributes describe it.

#ifndef RESNET_DIALECT_IMPORT_ONNXWINDOW_H
#define RESNET_DIALECT_IMPORT_ONNXWINDOW_H

#include "dialect/Import/OnnxNode.h"

namespace resnet {

/// A window over maps in the dialect's order, with ONNX's automatic padding resolved.
struct OnnxWindow {
  llvm::SmallVector<int64_t> kernel, strides, padding, dilations;
};

/// Reads a window over the node's first operand, of rank 4 or, as a map of one row, 3. `map` is that operand as a map;
/// `filterKernel` the filter's own kernel, where there is one.
OnnxWindow readWindow(OnnxNode &node, mlir::Value map, llvm::ArrayRef<int64_t> filterKernel = {});

/// The first operand as a map for a window: of rank 3 or 4. Null after an error.
mlir::Value windowedMap(OnnxNode &node);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ONNXWINDOW_H
