// mlir-opt for residual networks: every pass and pipeline of the project over textual IR or bytecode, and validation of passes by
// execution. It is MlirOptMain with an instrumentation added to the pass manager.

#include "dialect/IR/ResNetDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/KernelPipelines.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/Validate.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;

static llvm::cl::opt<std::string> validate(
    "resnet-validate", llvm::cl::ValueOptional, llvm::cl::value_desc("tolerance"),
    llvm::cl::desc("Execute @main on seeded inputs before the first pass and after every pass, and fail at the first pass "
                   "that changes an output by more than the tolerance (1e-4), relative to the output's largest element"));

static LogicalResult run(llvm::StringRef inputName, llvm::StringRef outputName, DialectRegistry &registry) {
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  if (config.shouldListPasses()) {
    printRegisteredPasses();
    return success();
  }
  if (config.shouldShowDialects()) {
    llvm::outs() << "Available Dialects: ";
    llvm::interleave(registry.getDialectNames(), llvm::outs(), ",");
    llvm::outs() << "\n";
    return success();
  }
  auto fail = [](const llvm::Twine &message) {
    llvm::WithColor::error(llvm::errs(), "resnet-opt") << message << "\n";
    return failure();
  };
  if (validate.getNumOccurrences()) {
    resnet::ValidationOptions options;
    if (!validate.empty() && (llvm::StringRef(validate).getAsDouble(options.tolerance) || !(options.tolerance >= 0)))
      return fail("expected a non-negative number for --resnet-validate, got '" + validate + "'");
    config.setPassPipelineSetupFn([config, options](PassManager &manager) {
      manager.addInstrumentation(resnet::createValidation(options));
      return config.setupPassPipeline(manager);
    });
  }
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> input = openInputFile(inputName, &message);
  if (!input)
    return fail(message);
  std::unique_ptr<llvm::ToolOutputFile> output = openOutputFile(outputName, &message);
  if (!output)
    return fail(message);
  if (failed(MlirOptMain(output->os(), std::move(input), registry, config)))
    return failure();
  output->keep();
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  DialectRegistry registry;
  registry.insert<resnet::ResNetDialect, func::FuncDialect, LLVM::LLVMDialect>();
  registerTransformsPasses();
  resnet::registerResNetPasses();
  resnet::registerGraphPipelines();
  resnet::registerKernelPipelines();
  auto [input, output] = registerAndParseCLIOptions(argc, argv, "Residual network optimiser\n", registry);
  return asMainReturnCode(run(input, output, registry));
}
