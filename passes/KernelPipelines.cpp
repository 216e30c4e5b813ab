// The stages of the kernel level as pass pipelines.

#include "passes/KernelPipelines.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

using namespace mlir;
using namespace resnet;

// Canonicalisation comes before outlining only: it would fold the copies that outlined kernels hold.
void resnet::buildKernelPipeline(OpPassManager &manager, const KernelPipelineOptions &options) {
  manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  AssignLayoutsOptions layouts;
  layouts.block = options.block;
  manager.addNestedPass<func::FuncOp>(createAssignLayouts(layouts));
  manager.addPass(createOutlineKernels());
}

void resnet::buildKernelPipeline(OpPassManager &manager) { buildKernelPipeline(manager, KernelPipelineOptions()); }

void resnet::buildMemoryPipeline(OpPassManager &manager, const MemoryPipelineOptions &options) {
  PlanMemoryOptions plan;
  plan.noReuse = options.noReuse;
  manager.addPass(createPlanMemory(plan));
  manager.addPass(createVerifyMemoryPlan());
}

void resnet::buildMemoryPipeline(OpPassManager &manager) { buildMemoryPipeline(manager, MemoryPipelineOptions()); }

void resnet::buildLLVMPipeline(OpPassManager &manager) { manager.addPass(createLowerToLLVM()); }

void resnet::registerKernelPipelines() {
  PassPipelineRegistration<KernelPipelineOptions>(
      "resnet-kernel-pipeline", "Assigns layouts and outlines kernels",
      [](OpPassManager &manager, const KernelPipelineOptions &options) { buildKernelPipeline(manager, options); });
  PassPipelineRegistration<MemoryPipelineOptions>(
      "resnet-memory-pipeline", "Plans memory and verifies the plan",
      [](OpPassManager &manager, const MemoryPipelineOptions &options) { buildMemoryPipeline(manager, options); });
  PassPipelineRegistration<>("resnet-llvm-pipeline", "Lowers the planned host program to the LLVM dialect", buildLLVMPipeline);
}
