// Runs the pipelines in order, stops at the stage that was asked for, and hands the rest to kernels, host program and linker.

#include "codegen/Compiler.h"
#include "codegen/LibraryBuild.h"
#include "codegen/ModuleOutput.h"
#include "codegen/SpecFromKernel.h"
#include "mlir/Pass/PassManager.h"
#include "passes/KernelPipelines.h"
#include "passes/MemoryPlanPrinter.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace resnet;
using namespace resnet::codegen;

std::optional<Stage> resnet::codegen::parseStage(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<Stage>>(name)
      .Case("import", Stage::Import)
      .Case("graph", Stage::Graph)
      .Case("kernels", Stage::Kernels)
      .Case("memory-plan", Stage::MemoryPlan)
      .Case("llvm", Stage::LLVM)
      .Case("stmt", Stage::Stmt)
      .Case("asm", Stage::Asm)
      .Case("obj", Stage::Obj)
      .Case("lib", Stage::Lib)
      .Default(std::nullopt);
}

std::string resnet::codegen::defaultEntry(llvm::StringRef output) {
  llvm::StringRef stem = llvm::sys::path::stem(output);
  stem.consume_front("lib");
  std::string name;
  for (char c : stem)
    name += llvm::isAlnum(c) ? c : '_';
  if (name.empty() || llvm::isDigit(name[0]))
    name.insert(0, "_");
  return name + "_query";
}

std::string resnet::codegen::summary(const CompileOptions &options) {
  std::string targets;
  for (Target target : options.targets)
    targets += (targets.empty() ? "" : ", ") + std::string(toString(target));
  return "wrote " + options.output + " for " + targets + ", entry " + options.entry;
}

namespace {

// One compilation's state.
class Compilation {
public:
  Compilation(ModuleOp module, const CompileOptions &options) : module(module), options(options) {}

  LogicalResult run() {
    struct TextStage {
      Stage stage;
      const char *file;
      void (*build)(OpPassManager &);
    };
    // The stages whose result is IR.
    const TextStage stages[] = {{Stage::Import, "1-import", nullptr},
                                {Stage::Import, "2-blocks", buildImportPipeline},
                                {Stage::Graph, "3-graph", buildGraphPipeline},
                                {Stage::Kernels, "4-kernels", buildKernelPipeline},
                                {Stage::MemoryPlan, "5-memory-plan", buildMemoryPipeline}};
    Stage done = Stage::Import;
    for (const TextStage &step : stages) {
      if (step.stage != done && done == options.stage)
        break;
      if (step.build && failed(runPipeline(step.build)))
        return failure();
      if (step.build == buildImportPipeline && (failed(specializeShapes()) || failed(checkDesignRules())))
        return failure();
      if (!options.saveTemps.empty() && failed(saveModule(step.file, step.stage)))
        return failure();
      done = step.stage;
    }
    if (options.stage <= Stage::MemoryPlan)
      return writeModule(module, options.output, header(options.stage));
    return build();
  }

private:
  // Only after normalising: an average pool over the whole map is then one that fits every size.
  LogicalResult specializeShapes() {
    PassManager passes(module.getContext());
    for (const std::string &shape : options.shapes)
      passes.addPass(createSpecializeShapes({shape}));
    return passes.run(module);
  }

  // While blocks are raised and normalisations are not folded.
  LogicalResult checkDesignRules() {
    if (!options.remarks)
      return success();
    PassManager passes(module.getContext());
    passes.addNestedPass<func::FuncOp>(createCheckDesignRules());
    return passes.run(module);
  }

  LogicalResult runPipeline(void (*build)(OpPassManager &)) {
    PassManager passes(module.getContext());
    (void)applyPassManagerCLOptions(passes);
    applyDefaultTimingPassManagerCLOptions(passes);
    build(passes);
    return passes.run(module);
  }

  // The plan's table stands above its IR as comments.
  std::string header(Stage stage) {
    std::string table, text;
    if (stage != Stage::MemoryPlan)
      return text;
    llvm::raw_string_ostream os(table);
    printMemoryPlan(module, os);
    llvm::SmallVector<llvm::StringRef> lines;
    llvm::StringRef(table).trim('\n').split(lines, '\n');
    for (llvm::StringRef line : lines)
      text += (line.starts_with("//") ? line : "// " + line).str() + "\n";
    return text;
  }

  LogicalResult saveModule(llvm::StringRef name, Stage stage) {
    if (std::error_code error = llvm::sys::fs::create_directories(options.saveTemps))
      return module.emitError("cannot write '" + options.saveTemps + "': " + error.message());
    llvm::SmallString<128> path(options.saveTemps);
    llvm::sys::path::append(path, name + ".mlir");
    return writeModule(module, path, header(stage), /*elide=*/true);
  }

  LogicalResult build() {
    LibraryBuild library(module, options);
    if (failed(library.planKernels()))
      return failure();
    if (options.stage == Stage::Stmt || options.stage == Stage::Asm)
      return library.printKernels();
    if (failed(library.packWeights()) || failed(runPipeline(buildLLVMPipeline)))
      return failure();
    if (!options.saveTemps.empty() && failed(saveModule("6-llvm", Stage::LLVM)))
      return failure();
    if (options.stage == Stage::LLVM)
      return writeModule(module, options.output, "");
    return library.build();
  }

  ModuleOp module;
  const CompileOptions &options;
};

} // namespace

LogicalResult resnet::codegen::compile(ModuleOp module, const CompileOptions &options) {
  return Compilation(module, options).run();
}
