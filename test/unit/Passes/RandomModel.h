// Random models on the level of fused operations, for tests that hold for every model.

#ifndef RESNET_TEST_UNIT_PASSES_RANDOMMODEL_H
#define RESNET_TEST_UNIT_PASSES_RANDOMMODEL_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace resnet::test {

/// A module with a @main of about `size` fused operations on small maps: convolutions of all kinds with and without addends,
/// element-wise operations, slices, pads, pools, transposes, heads; values are read any number of times and any of them is a
/// result.
mlir::OwningOpRef<mlir::ModuleOp> randomModel(mlir::MLIRContext *context, unsigned seed, int size);

} // namespace resnet::test

#endif // RESNET_TEST_UNIT_PASSES_RANDOMMODEL_H
