// Compiles random networks in this process, runs their libraries on two batches and compares every output with the reference
// interpreter's, which executes the network as it was generated.
//   resnet-check-random SEED [COUNT [MODEL.mlir]]
// checks COUNT networks (1) from SEED on. A network that fails gives a line with its seed and the command for it alone; with
// MODEL.mlir the last of them is written there. Exit code 1 where one fails. Prints how often each operation occurred.

#include "RandomNetwork.h"
#include "codegen/Compiler.h"
#include "codegen/KernelCache.h"
#include "dialect/Interpreter/Interpreter.h"
#include "dialect/Support/TemporaryDirectory.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "tools/resnet-run/Library.h"
#include "tools/support/ToolSupport.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Signals.h"
#include <map>

using namespace llvm;
using namespace resnet;

static constexpr const char *kTool = "resnet-check-random";
/// Of an output's largest element: rounding in another order; docs/Winograd.md has the second.
static constexpr double kTolerance = 1e-4, kWinogradTolerance = 1e-3;

namespace {

/// A network's input and what must come out.
struct Run {
  SmallVector<Tensor> inputs, outputs;
};

/// Everything about one seed.
class Check {
public:
  Check(mlir::ModuleOp network, uint64_t seed, const TemporaryDirectory &directory)
      : network(network), seed(seed), directory(directory) {}
  Error run();

private:
  Error interpretSource();
  Error checkGraphPasses();
  Error compileLibrary();
  Error runLibrary(const Library &library, const Run &expected);
  bool winograd() const { return seed % 4 == 0; }

  mlir::ModuleOp network;
  uint64_t seed;
  const TemporaryDirectory &directory;
  std::string path;
  std::vector<Run> runs;
};

} // namespace

static Error compare(const Twine &stage, const Run &expected, ArrayRef<TensorView> outputs, double tolerance) {
  if (outputs.size() != expected.outputs.size())
    return createStringError(stage + ": expected " + Twine(expected.outputs.size()) + " outputs, got " + Twine(outputs.size()));
  for (auto [i, output] : enumerate(outputs))
    if (double difference = relativeDifference(expected.outputs[i], output); !(difference <= tolerance))
      return createStringError(formatv("{0}: output {1} for {2} images: expected a difference of at most {3:e0} of the largest "
                                       "element, got {4:e3}",
                                       stage.str(), i, expected.inputs[0].shape[0], tolerance, difference));
  return Error::success();
}

Error Check::interpretSource() {
  mlir::FailureOr<mlir::FunctionOpInterface> model = findModel(network);
  for (int64_t batch : {1, 3}) {
    Run run;
    mlir::FailureOr<SmallVector<Tensor>> inputs = randomInputs(*model, batch, seed + uint64_t(batch));
    mlir::FailureOr<SmallVector<Tensor>> outputs = failed(inputs) ? inputs : interpret(*model, *inputs);
    if (failed(outputs))
      return createStringError("the interpreter cannot execute it");
    runs.push_back({std::move(*inputs), std::move(*outputs)});
  }
  return Error::success();
}

// Tells a wrong pass from a wrong kernel. One image will do.
Error Check::checkGraphPasses() {
  mlir::OwningOpRef<mlir::ModuleOp> graph = network.clone();
  mlir::PassManager passes(network.getContext());
  buildImportPipeline(passes);
  buildGraphPipeline(passes);
  if (failed(passes.run(*graph)))
    return createStringError("a pass of the graph level failed");
  mlir::FailureOr<SmallVector<Tensor>> outputs = interpret(*graph, runs.front().inputs);
  if (failed(outputs))
    return createStringError("the interpreter cannot execute what the passes of the graph level made");
  SmallVector<TensorView> views(outputs->begin(), outputs->end());
  return compare("after the passes of the graph level", runs.front(), views, kTolerance);
}

Error Check::compileLibrary() {
  path = directory.file("libseed" + std::to_string(seed) + ".so");
  codegen::CompileOptions options;
  options.output = path;
  options.entry = codegen::defaultEntry(path);
  options.cacheDirectory = codegen::KernelCache::defaultDirectory();
  options.winograd = winograd();
  // Three images are then computed as two, by code of their own, and one.
  options.batchSizes = {seed % 8 == 1 ? 2 : 1};
  Expected<std::vector<codegen::Target>> targets = codegen::parseTargets(seed % 16 == 15 ? "x86-64" : "host");
  if (!targets)
    return targets.takeError();
  options.targets = std::move(*targets);
  mlir::OwningOpRef<mlir::ModuleOp> module = network.clone();
  return failed(codegen::compile(*module, options)) ? createStringError("it does not compile") : Error::success();
}

Error Check::runLibrary(const Library &library, const Run &expected) {
  Expected<std::unique_ptr<Session>> session = Session::create(library, /*threads=*/seed % 2 ? 2 : 1);
  if (!session)
    return session.takeError();
  (*session)->resize(expected.inputs[0].shape[0]);
  if ((*session)->inputs.size() != expected.inputs.size() || (*session)->outputs.size() != expected.outputs.size())
    return createStringError("the library has other inputs and outputs than the network");
  for (auto [tensor, input] : zip_equal(expected.inputs, (*session)->inputs)) {
    if (input.size() != tensor.elements.size())
      return createStringError("the library's input has another size than the network's");
    copy(tensor.elements, input.begin());
  }
  if (Error error = (*session)->run())
    return error;
  SmallVector<TensorView> outputs;
  for (auto [tensor, output] : zip_equal(expected.outputs, (*session)->outputs)) {
    if (output.size() != tensor.elements.size())
      return createStringError("the library's output has another size than the network's");
    outputs.emplace_back(tensor.shape, output);
  }
  return compare("the library", expected, outputs, winograd() ? kWinogradTolerance : kTolerance);
}

Error Check::run() {
  if (failed(mlir::verify(network)))
    return createStringError("the generated network is not valid");
  if (Error error = interpretSource())
    return error;
  if (Error error = checkGraphPasses())
    return error;
  if (Error error = compileLibrary())
    return error;
  LibraryOptions options;
  options.path = path;
  Expected<std::unique_ptr<Library>> library = Library::open(options);
  if (!library)
    return library.takeError();
  for (const Run &expected : runs)
    if (Error error = runLibrary(**library, expected))
      return error;
  sys::fs::remove(path);
  return Error::success();
}

int main(int argc, char **argv) {
  uint64_t first = 0, count = 1;
  if (argc < 2 || argc > 4 || StringRef(argv[1]).getAsInteger(10, first) ||
      (argc > 2 && StringRef(argv[2]).getAsInteger(10, count)))
    return reportError(kTool, "expected SEED [COUNT [MODEL.mlir]]", kBadUsage);
  sys::PrintStackTraceOnErrorSignal(argv[0]);
  registerResNetPasses();
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  Expected<std::unique_ptr<TemporaryDirectory>> directory = TemporaryDirectory::create(kTool);
  if (!directory)
    return reportError(kTool, toString(directory.takeError()));

  std::map<std::string, uint64_t> operations;
  uint64_t failures = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    PrettyStackTraceFormat whereItCrashed("%s %llu", kTool, static_cast<unsigned long long>(seed));
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    context.loadDialect<ResNetDialect, mlir::func::FuncDialect>();
    LineDiagnostics diagnostics(&context, kTool);
    mlir::OwningOpRef<mlir::ModuleOp> network = test::randomNetwork(&context, seed);
    network->walk([&](mlir::Operation *op) { ++operations[op->getName().getStringRef().str()]; });
    if (Error error = Check(*network, seed, **directory).run()) {
      ++failures;
      reportError(kTool, "seed " + Twine(seed) + ": " + toString(std::move(error)) + "; again: " + kTool + " " + Twine(seed) +
                             " 1 net.mlir");
      if (argc > 3 && failed(writeModel(*network, argv[3])))
        return kFailure;
    }
  }
  for (const auto &[name, occurrences] : operations)
    outs() << formatv("{0,7} {1}\n", occurrences, name);
  outs() << formatv("{0} of {1} networks as interpreted\n", count - failures, count);
  return failures ? kFailure : kSuccess;
}
