// Every pass of the project, in the order in which the pipelines run them.

#ifndef RESNET_PASSES_PASSES_TD
#define RESNET_PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

include "passes/GraphPasses.td"
include "passes/KernelPasses.td"

#endif // RESNET_PASSES_PASSES_TD
