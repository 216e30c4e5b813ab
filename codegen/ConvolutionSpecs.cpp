// The compiler's own pipelines, so that fusions and layouts are those of a compilation.

#include "codegen/ConvolutionSpecs.h"
#include "codegen/SpecFromKernel.h"
#include "mlir/Pass/PassManager.h"
#include "passes/KernelPipelines.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace resnet;
using namespace resnet::codegen;

FailureOr<std::vector<KernelSpec>> resnet::codegen::convolutionSpecs(ModuleOp planned, Target target) {
  std::vector<KernelSpec> specs;
  llvm::StringSet<> known;
  for (KernelOp kernel : planned.getOps<KernelOp>()) {
    FailureOr<KernelSpec> spec = specFromKernel(kernel, target, /*debug=*/false);
    if (failed(spec))
      return failure();
    const KernelSpec plain = withoutPost(*spec);
    if (plain.kind == KernelKind::Conv2d && known.insert(symbolName(plain)).second)
      specs.push_back(plain);
  }
  return specs;
}

LogicalResult resnet::codegen::planModel(ModuleOp module, ArrayRef<std::string> shapes) {
  PassManager passes(module.getContext());
  buildImportPipeline(passes);
  for (const std::string &shape : shapes)
    passes.addPass(createSpecializeShapes({shape}));
  buildGraphPipeline(passes);
  buildKernelPipeline(passes);
  buildMemoryPipeline(passes);
  return passes.run(module);
}
