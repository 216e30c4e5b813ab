// Pipelines of the kernel level: what `resnet-compile` runs behind the graph pipeline, stage by stage.

#ifndef RESNET_PASSES_KERNELPIPELINES_H
#define RESNET_PASSES_KERNELPIPELINES_H

#include "dialect/IR/Geometry.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace resnet {

struct KernelPipelineOptions : mlir::PassPipelineOptions<KernelPipelineOptions> {
  Option<int64_t> block{*this, "block", llvm::cl::desc("channels a block"), llvm::cl::init(kChannelBlock)};
};

struct MemoryPipelineOptions : mlir::PassPipelineOptions<MemoryPipelineOptions> {
  Option<bool> noReuse{*this, "no-reuse", llvm::cl::desc("give every buffer memory of its own"), llvm::cl::init(false)};
};

/// Fused operations -> launches of outlined kernels on tensors (`--emit=kernels`).
void buildKernelPipeline(mlir::OpPassManager &manager, const KernelPipelineOptions &options);
void buildKernelPipeline(mlir::OpPassManager &manager);

/// Launches on tensors -> launches on a planned and verified arena (`--emit=memory-plan`).
void buildMemoryPipeline(mlir::OpPassManager &manager, const MemoryPipelineOptions &options);
void buildMemoryPipeline(mlir::OpPassManager &manager);

/// A planned @main -> resnet_main in the LLVM dialect (`--emit=llvm`). Erases kernels and globals.
void buildLLVMPipeline(mlir::OpPassManager &manager);

/// Registers resnet-kernel-pipeline, resnet-memory-pipeline and resnet-llvm-pipeline.
void registerKernelPipelines();

} // namespace resnet

#endif // RESNET_PASSES_KERNELPIPELINES_H
