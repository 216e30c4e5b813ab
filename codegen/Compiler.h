// The compiler behind resnet-compile: from a module of the dialect to a native library, or to any stage on the way.

#ifndef RESNET_CODEGEN_COMPILER_H
#define RESNET_CODEGEN_COMPILER_H

#include "codegen/KernelBuild.h"
#include "codegen/Targets.h"
#include "dialect/IR/ResNetDialect.h"
#include <optional>
#include <string>
#include <vector>

namespace resnet::codegen {

/// Stages that a user can stop at, in order.
enum class Stage { Import, Graph, Kernels, MemoryPlan, LLVM, Stmt, Asm, Obj, Lib };

std::optional<Stage> parseStage(llvm::StringRef name);

struct CompileOptions {
  std::string output;          // "-": standard output, for stages of text; .a: an archive
  std::string entry;           // name of the exported function
  std::string source;          // the model's file name, recorded
  std::vector<Target> targets; // most demanding first
  Stage stage = Stage::Lib;
  std::vector<std::string> shapes;        // of inputs, as resnet-specialize-shapes takes them
  std::vector<int64_t> batchSizes;        // numbers of images to compile for, largest first; empty: 8 or less
  std::string preprocess;                 // empty: by the input's shape
  std::string cacheDirectory;             // empty: no cache
  std::string saveTemps;                  // directory for every stage's result; empty: none
  std::vector<std::string> scheduleFiles; // of measured schedules, which win over the shipped ones
  std::string tuneFor;       // class of processors to choose schedules for; empty: this machine's, for its own target
  bool winograd = true;      // allowed
  bool tune = false;         // measures what has no schedule yet; see checkTune in KernelSchedules.h
  double tuneSeconds = 60;   // after which no further kernel is measured
  unsigned jobs = 0;         // 0: one a core
  bool remarks = false;      // says why: one remark a step
  bool debugKernels = false; // kernels with assertions and bounds checks
  bool progress = false;     // on standard error
};

/// Compiles `module`, which it transforms. Errors go to the context's diagnostic handler; nothing is left at `output` then.
mlir::LogicalResult compile(mlir::ModuleOp module, const CompileOptions &options);

/// One line about the library that was compiled: where it is, its targets, how it is entered.
std::string summary(const CompileOptions &options);

/// "libresnet50.so" -> "resnet50_query".
std::string defaultEntry(llvm::StringRef output);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_COMPILER_H
