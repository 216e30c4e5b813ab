// Random residual networks, for tests that hold for every network.

#ifndef RESNET_TEST_ENDTOEND_RANDOMNETWORK_H
#define RESNET_TEST_ENDTOEND_RANDOMNETWORK_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <cstdint>

namespace resnet::test {

/// A module whose @main is a small network as an importer leaves it, the same for a seed on every machine: a stem, one to three
/// stages of blocks (basic, bottleneck, depthwise, each with its activations behind or before, with or without a shortcut), with
/// shortcuts, normalisation, activations, attention and a head of every kind. The context has the dialects loaded.
mlir::OwningOpRef<mlir::ModuleOp> randomNetwork(mlir::MLIRContext *context, uint64_t seed);

} // namespace resnet::test

#endif // RESNET_TEST_ENDTOEND_RANDOMNETWORK_H
