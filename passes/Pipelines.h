// The named pipelines. Each stage of the compiler that a user can stop at ends where one of them ends.

#ifndef RESNET_PASSES_PIPELINES_H
#define RESNET_PASSES_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace resnet {

/// `resnet-import-pipeline` (`--emit=import`): from what an exporter wrote to residual blocks.
void buildImportPipeline(mlir::OpPassManager &manager);

/// `resnet-graph-pipeline` (`--emit=graph`): from residual blocks to fused operations, each of which becomes one kernel.
void buildGraphPipeline(mlir::OpPassManager &manager);

/// Registers both by name.
void registerGraphPipelines();

} // namespace resnet

#endif // RESNET_PASSES_PIPELINES_H
