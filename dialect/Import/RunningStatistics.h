// Running statistics of batch normalisation for generated networks.

#ifndef RESNET_DIALECT_IMPORT_RUNNINGSTATISTICS_H
#define RESNET_DIALECT_IMPORT_RUNNINGSTATISTICS_H

#include "dialect/Import/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace resnet {

/// The host tensors behind constants, by the constant's result.
using ParameterValues = llvm::DenseMap<mlir::Value, HostTensor>;

/// Runs `function` up to its last batch_norm on `images` images of seeded normal noise of `size` x `size` and writes the mean
/// and variance that each batch_norm meets into the tensors of its operands, which it must own alone. Known are the operations
/// that built architectures have. The result is the same bits on every machine, whatever its number of threads.
void setRunningStatistics(mlir::func::FuncOp function, ParameterValues &parameters, int64_t images, int64_t size, uint64_t seed);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_RUNNINGSTATISTICS_H
