// From a model (ONNX, textual IR or bytecode) to a native library, or to any stage on the way.

#include "codegen/BatchSizes.h"
#include "codegen/Compiler.h"
#include "codegen/KernelSchedules.h"
#include "codegen/Preprocess.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "passes/Passes.h"
#include "tools/support/ToolSupport.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace llvm;
using namespace resnet;
using codegen::Target;

static cl::OptionCategory category("resnet-compile options");
static cl::opt<std::string> input(cl::Positional, cl::desc("MODEL.onnx|MODEL.mlir|MODEL.mlirbc"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Library (.so, .a) or the stage's output; - is standard output"),
                                   cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string> target(
    "target", cl::init("host"), cl::value_desc("T[,T...]"), cl::cat(category),
    cl::desc("host (default), x86-64, x86-64-v3, x86-64-v4, opencl, cuda; of several, the best is chosen when the library is "
             "loaded"));
static cl::opt<std::string> precision("precision", cl::init("f32"), cl::desc("f32"), cl::cat(category));
static cl::opt<std::string> winograd("winograd", cl::init("auto"), cl::value_desc("auto|off"), cl::cat(category),
                                     cl::desc("auto: where it was measured, or is estimated, to be faster; off: direct only"));
static cl::list<std::string> shapes("shape", cl::desc("Shape of an input, as input:?x3x224x224; ? is a dynamic batch"),
                                    cl::cat(category));
static cl::opt<std::string>
    batchSizes("batch-sizes", cl::value_desc("N[,N...]"), cl::cat(category),
               cl::desc("Numbers of images to compile code for beside that for any number; a run computes at most the largest "
                        "at once (default: 8, or a fixed batch below that)"));
static cl::opt<std::string> preprocess(
    "preprocess", cl::value_desc("raw|imagenet|cifar10|mean=..,std=.."), cl::cat(category),
    cl::desc("How images become the input, recorded in the library (default: imagenet for NCHW with 3 channels, else raw)"));
static cl::opt<std::string> entry("entry", cl::desc("Name of the exported query function (default: from -o)"),
                                  cl::value_desc("name"), cl::cat(category));
static cl::opt<std::string> emit("emit", cl::init("lib"),
                                 cl::desc("Stop after: import, graph, kernels, memory-plan, llvm, stmt, asm, obj, lib"),
                                 cl::value_desc("stage"), cl::cat(category));
static cl::opt<std::string> saveTemps("save-temps", cl::desc("Keep every stage's result in this directory"),
                                      cl::value_desc("dir"), cl::cat(category));
static cl::opt<std::string> cacheDir("cache-dir",
                                     cl::desc("Directory of compiled kernels (default: the user's cache; empty: none)"),
                                     cl::value_desc("dir"), cl::cat(category));
static cl::list<std::string> schedules("schedules",
                                       cl::desc("File of schedules that resnet-tune wrote; wins over the shipped ones"),
                                       cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string>
    tuneFor("tune-for", cl::value_desc("class"), cl::cat(category),
            cl::desc("Processor to choose schedules for, by LLVM's name, e.g. znver4 (default: this one)"));
static cl::opt<bool> tune("tune", cl::desc("Measure the kernels that have no schedule for this processor; kept in the cache"),
                          cl::cat(category));
static cl::opt<double> tuneSeconds("tune-seconds", cl::init(60), cl::value_desc("S"), cl::cat(category),
                                   cl::desc("Begin no further measurement after this time (default 60)"));
static cl::opt<unsigned> jobs("j", cl::init(0), cl::desc("Threads that compile kernels (default: one a core)"),
                              cl::value_desc("N"), cl::cat(category));
static cl::opt<bool> remarks("remarks", cl::desc("Say what was chosen for each step"), cl::cat(category));
static cl::opt<bool> debugKernels("debug-kernels", cl::desc("Keep assertions and bounds checks in kernels"), cl::cat(category));
static cl::opt<bool> quiet("quiet", cl::desc("Print errors only"), cl::cat(category));

// An identifier of C.
static bool isIdentifier(StringRef name) {
  return !name.empty() && !isDigit(name[0]) && all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
}

// Fills `options` from the command line; a message where something is wrong with it.
static Error readOptions(codegen::CompileOptions &options) {
  if (input.empty() || output.empty())
    return createStringError("expected a model and -o FILE; see resnet-compile --help");
  std::optional<codegen::Stage> stage = codegen::parseStage(emit);
  if (!stage)
    return createStringError("--emit: expected import, graph, kernels, memory-plan, llvm, stmt, asm, obj or lib, got '" + emit +
                             "'");
  if (output == "-" && (*stage == codegen::Stage::Obj || *stage == codegen::Stage::Lib))
    return createStringError("-o: expected a file for --emit=" + emit + ", got standard output");
  if (sys::fs::equivalent(input, output))
    return createStringError("-o: expected another file than the model, got '" + output + "'");
  if (winograd != "auto" && winograd != "off")
    return createStringError("--winograd: expected auto or off, got '" + winograd + "'");
  if (!tuneFor.empty() && !codegen::isKnownClass(tuneFor))
    return createStringError("--tune-for: expected a processor that LLVM knows, e.g. znver4 or skylake-avx512, got '" + tuneFor +
                             "'");
  if (!(tuneSeconds > 0))
    return createStringError("--tune-seconds: expected more than 0, got " + std::to_string(tuneSeconds));
  if (!entry.empty() && !isIdentifier(entry))
    return createStringError("--entry: expected a C identifier, got '" + entry + "'");
  if (batchSizes.getNumOccurrences()) {
    Expected<std::vector<int64_t>> sizes = codegen::parseBatchSizes(batchSizes);
    if (!sizes)
      return sizes.takeError();
    options.batchSizes = std::move(*sizes);
  }
  if (!preprocess.empty())
    if (Expected<codegen::Preprocess> parsed = codegen::parsePreprocess(preprocess); !parsed)
      return parsed.takeError();
  options.output = output;
  options.entry = entry.empty() ? codegen::defaultEntry(output) : entry;
  options.shapes = std::vector<std::string>(shapes.begin(), shapes.end());
  options.source = sys::path::filename(input).str();
  options.stage = *stage;
  options.preprocess = preprocess;
  options.cacheDirectory = cacheDir.getNumOccurrences() ? cacheDir : codegen::KernelCache::defaultDirectory();
  options.saveTemps = saveTemps;
  options.scheduleFiles = std::vector<std::string>(schedules.begin(), schedules.end());
  options.tuneFor = tuneFor;
  options.winograd = winograd == "auto";
  options.tune = tune;
  options.tuneSeconds = tuneSeconds;
  options.jobs = jobs;
  options.remarks = remarks;
  options.debugKernels = debugKernels;
  options.progress = !quiet && sys::Process::StandardErrIsDisplayed();
  return Error::success();
}

// --shape overrides; a message where one cannot be read.
static Error readShapes(ImportOptions &options) {
  for (const std::string &text : shapes) {
    std::string error;
    mlir::FailureOr<InputShape> shape = parseInputShape(text, error);
    if (failed(shape))
      return createStringError("--shape: " + error);
    options.shapes.push_back(*shape);
  }
  return Error::success();
}

int main(int argc, char **argv) {
  registerResNetPasses();
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  mlir::registerDefaultTimingManagerCLOptions();
  cl::HideUnrelatedOptions(category);
  std::string usage;
  raw_string_ostream usageErrors(usage);
  if (!cl::ParseCommandLineOptions(argc, argv, "Compiles a residual network to a native library.\n", &usageErrors))
    return reportUsage("resnet-compile", usage);
  ignoreFileSizeSignal();

  codegen::CompileOptions options;
  ImportOptions import;
  if (Error error = joinErrors(readOptions(options), readShapes(import)))
    return reportError("resnet-compile", toString(std::move(error)), kBadUsage);
  if (precision != "f32")
    return reportError("resnet-compile", "--precision: expected f32, got '" + precision + "'");
  Expected<std::vector<Target>> targets = codegen::parseTargets(target);
  if (!targets)
    return reportError("resnet-compile", toString(targets.takeError()));
  options.targets = std::move(*targets);
  if (std::string problem = options.tune ? codegen::checkTune(options) : ""; !problem.empty())
    return reportError("resnet-compile", problem);

  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::MLIRContext context(registry);
  LineDiagnostics diagnostics(&context, "resnet-compile");
  mlir::OwningOpRef<mlir::ModuleOp> module = loadModel(input, import, &context);
  if (!module || failed(codegen::compile(*module, options)))
    return kFailure;
  if (!quiet && options.stage == codegen::Stage::Lib)
    if (Error error = printLine(codegen::summary(options)))
      return reportError("resnet-compile", toString(std::move(error)));
  return kSuccess;
}
