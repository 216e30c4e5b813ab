// The pipelines of the graph level.

#include "passes/Pipelines.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

using namespace mlir;
using namespace resnet;

void resnet::buildImportPipeline(OpPassManager &manager) {
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createNormalizeImports());
  functions.addPass(createRaiseResidualBlocks());
}

void resnet::buildGraphPipeline(OpPassManager &manager) {
  manager.addNestedPass<func::FuncOp>(createFoldBatchNorm());
  // Frees the weights that were just replaced, before later passes and codegen need memory.
  manager.addPass(createPruneResources());
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createFlattenResiduals());
  // Equal weights once. Not the canonicaliser: it would carry every constant away from its reader to the function's top.
  functions.addPass(createCSEPass());
  functions.addPass(createFuseEpilogues());
  // Before merging: strides that moved up match more often.
  functions.addPass(createPushStrides());
  functions.addPass(createMergeReduceProjection());
  functions.addPass(createFuseSubsamples());
  // Behind those that look for plain convolutions.
  functions.addPass(createFusePreactivations());
  functions.addPass(createFuseStem());
  functions.addPass(createFuseHead());
  functions.addPass(createCSEPass());
  manager.addPass(createPruneResources());
}

void resnet::registerGraphPipelines() {
  PassPipelineRegistration<>("resnet-import-pipeline", "Normalise an import and raise its residual blocks (--emit=import)",
                             buildImportPipeline);
  PassPipelineRegistration<>("resnet-graph-pipeline", "Residual blocks to fused operations (--emit=graph)", buildGraphPipeline);
}
