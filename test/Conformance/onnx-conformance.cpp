// Runs cases in the form of ONNX's backend tests through import, reference interpreter and compiled code.
//   resnet-onnx-conformance [--exclude=LIST] [--tolerance=T] [--interpret] [--verbose] FOLDER...
// FOLDER holds a case (model.onnx and test_data_set_0), or cases. Cases with operators that the importer does not know are left
// out. Those in LIST must fail; all others must pass. Prints how many did; exit code 1 where one is not as expected.

#include "codegen/Compiler.h"
#include "dialect/Import/OnnxImport.h"
#include "dialect/Interpreter/Interpreter.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "passes/Passes.h"
#include "test/Conformance/Case.h"
#include "test/Conformance/Exclusions.h"
#include "tools/resnet-run/Library.h"
#include "tools/support/ToolSupport.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace resnet;
using namespace resnet::test;

static constexpr StringLiteral kTool = "resnet-onnx-conformance";

static cl::OptionCategory category("resnet-onnx-conformance options");
static cl::list<std::string> folders(cl::Positional, cl::OneOrMore, cl::desc("FOLDER..."), cl::cat(category));
static cl::opt<std::string> exclude("exclude", cl::desc("List of cases that must fail, with reasons"), cl::cat(category));
static cl::opt<double> tolerance("tolerance", cl::init(1e-4), cl::desc("Relative to an output's largest element (1e-4)"),
                                 cl::cat(category));
static cl::opt<bool> interpretOnly("interpret", cl::desc("Import and interpret, do not compile"), cl::cat(category));
static cl::opt<bool> verbose("verbose", cl::desc("Print every case"), cl::cat(category));

namespace {

// A folder for models and libraries, removed at the end.
class WorkFolder {
public:
  WorkFolder() { failed = static_cast<bool>(sys::fs::createUniqueDirectory("resnet-conformance", path)); }
  ~WorkFolder() { sys::fs::remove_directories(path); }
  std::string file(const Twine &name) const { return (Twine(path) + "/" + name).str(); }
  bool failed;

private:
  SmallString<128> path;
};

} // namespace

static Error compare(StringRef how, const onnx::TensorProto &expected, ArrayRef<float> actual) {
  Expected<std::vector<float>> elements = elementsOf(expected);
  if (!elements)
    return elements.takeError();
  if (elements->size() != actual.size())
    return createStringError(how + ": expected " + Twine(elements->size()) + " elements, got " + Twine(actual.size()));
  double largest = 0, difference = 0;
  for (auto [x, y] : zip_equal(*elements, actual)) {
    largest = std::max<double>(largest, std::abs(x));
    difference = std::max<double>(difference, std::isfinite(y) ? std::abs(double(x) - y) : INFINITY);
  }
  if (difference <= tolerance * largest + 1e-6)
    return Error::success();
  return createStringError(how + ": differs by " + std::to_string(difference) + " where the largest element is " +
                           std::to_string(largest));
}

static Error compareAll(StringRef how, const Case &aCase, ArrayRef<std::vector<float>> results) {
  if (results.size() != aCase.outputs.size())
    return createStringError(how + ": expected " + Twine(aCase.outputs.size()) + " outputs, got " + Twine(results.size()));
  for (auto [expected, actual] : zip_equal(aCase.outputs, results))
    if (Error error = compare(how, expected, actual))
      return error;
  return Error::success();
}

static Expected<std::vector<std::vector<float>>> runLibrary(const std::string &path, ArrayRef<Tensor> inputs) {
  LibraryOptions options;
  options.path = path;
  Expected<std::unique_ptr<Library>> library = Library::open(options);
  if (!library)
    return library.takeError();
  Expected<std::unique_ptr<Session>> session = Session::create(**library, /*threads=*/1);
  if (!session)
    return session.takeError();
  (*session)->resize(inputs[0].shape[0]);
  for (auto [tensor, buffer] : zip_equal(inputs, (*session)->inputs))
    buffer = tensor.elements;
  if (Error error = (*session)->run())
    return error;
  return (*session)->outputs;
}

static Error runActivations(Case &aCase, ArrayRef<Tensor> inputs, const WorkFolder &work, mlir::MLIRContext &context,
                            std::string &diagnostic) {
  mlir::OwningOpRef<mlir::ModuleOp> module = importOnnx(work.file("model.onnx"), ImportOptions(), &context);
  if (!module)
    return createStringError("import: " + diagnostic);
  mlir::FailureOr<SmallVector<Tensor>> interpreted = interpret(*module, inputs);
  if (failed(interpreted))
    return createStringError("interpreter: " + diagnostic);
  std::vector<std::vector<float>> results;
  for (const Tensor &tensor : *interpreted)
    results.push_back(tensor.elements);
  if (Error error = compareAll("interpreter", aCase, results))
    return error;
  if (interpretOnly)
    return Error::success();

  codegen::CompileOptions options;
  options.output = work.file(aCase.name + ".so");
  options.entry = "conformance_query";
  options.source = aCase.name;
  options.cacheDirectory = codegen::KernelCache::defaultDirectory();
  options.winograd = false;
  Expected<std::vector<codegen::Target>> targets = codegen::parseTargets("host");
  if (!targets)
    return targets.takeError();
  options.targets = std::move(*targets);
  if (failed(codegen::compile(*module, options)))
    return createStringError("compiler: " + diagnostic);
  Expected<std::vector<std::vector<float>>> computed = runLibrary(options.output, inputs);
  sys::fs::remove(options.output);
  if (!computed)
    return createStringError("library: " + toString(computed.takeError()));
  return compareAll("library", aCase, *computed);
}

static Error runConstants(const Case &aCase, const WorkFolder &work, mlir::MLIRContext &context, std::string &diagnostic) {
  mlir::FailureOr<std::vector<HostTensor>> folded = foldOnnx(work.file("model.onnx"), &context);
  if (failed(folded))
    return createStringError("import: " + diagnostic);
  std::vector<std::vector<float>> results;
  for (const HostTensor &tensor : *folded) {
    std::vector<float> &elements = results.emplace_back();
    for (int64_t i = 0, n = tensor.count(); i < n; ++i)
      elements.push_back(tensor.holdsIntegers() ? static_cast<float>(*tensor.integers[i]) : tensor.floatAt(i));
  }
  return compareAll("folding", aCase, results);
}

// One case in one mode, from its file.
static Error runCase(Case aCase, Mode mode, const WorkFolder &work, mlir::MLIRContext &context) {
  Expected<std::vector<Tensor>> inputs = adapt(aCase, mode);
  if (!inputs)
    return inputs.takeError();
  std::error_code error;
  raw_fd_ostream file(work.file("model.onnx"), error);
  file << aCase.model.SerializeAsString();
  file.close();
  if (error || file.has_error())
    return createStringError("cannot write " + work.file("model.onnx"));
  std::string diagnostic;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    if (d.getSeverity() == mlir::DiagnosticSeverity::Error && diagnostic.empty())
      diagnostic = d.str();
  });
  return mode == Mode::Constants ? runConstants(aCase, work, context, diagnostic)
                                 : runActivations(aCase, *inputs, work, context, diagnostic);
}

// Folders with a model.onnx, in order.
static std::vector<std::string> findCases() {
  std::vector<std::string> found;
  for (const std::string &folder : folders) {
    if (sys::fs::exists(folder + "/model.onnx")) {
      found.push_back(folder);
      continue;
    }
    std::error_code error;
    for (sys::fs::directory_iterator it(folder, error), end; it != end && !error; it.increment(error))
      if (sys::fs::exists(it->path() + "/model.onnx"))
        found.push_back(it->path());
  }
  sort(found);
  return found;
}

int main(int argc, char **argv) {
  registerResNetPasses();
  cl::HideUnrelatedOptions(category);
  std::string usage;
  raw_string_ostream usageErrors(usage);
  if (!cl::ParseCommandLineOptions(argc, argv, "Runs ONNX's backend tests.\n", &usageErrors))
    return reportUsage(kTool, usage);
  StringMap<std::string> excluded;
  if (!exclude.empty()) {
    Expected<StringMap<std::string>> list = readExclusions(exclude);
    if (!list)
      return reportError(kTool, toString(list.takeError()));
    excluded = std::move(*list);
  }
  const WorkFolder work;
  if (work.failed)
    return reportError(kTool, "cannot make a temporary folder");
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);

  unsigned passed = 0, failedAsListed = 0, unexpected = 0, unsupported = 0;
  for (const std::string &folder : findCases()) {
    Expected<Case> aCase = readCase(folder);
    if (!aCase) { // sequences, strings and the like
      consumeError(aCase.takeError());
      ++unsupported;
      continue;
    }
    const bool onActivations = isSupported(*aCase, Mode::Activations), onConstants = isSupported(*aCase, Mode::Constants);
    unsupported += !onActivations && !onConstants;
    for (Mode mode : {Mode::Activations, Mode::Constants}) {
      if (!(mode == Mode::Activations ? onActivations : onConstants))
        continue;
      const std::string name = aCase->name + (mode == Mode::Constants ? "/constants" : "");
      auto listed = excluded.find(name);
      mlir::MLIRContext context(registry);
      std::string problem = toString(runCase(*aCase, mode, work, context));
      const bool isListed = listed != excluded.end();
      if (verbose)
        outs() << name << ": " << (problem.empty() ? "passed" : problem) << '\n';
      passed += problem.empty();
      failedAsListed += !problem.empty() && isListed;
      if (problem.empty() == isListed) {
        ++unexpected;
        reportError(kTool, name + ": " +
                               (isListed ? "expected to fail, as the list says (" + listed->second + "), but it passes: remove it"
                                         : problem));
      }
      if (isListed)
        excluded.erase(listed);
    }
  }
  for (const auto &entry : excluded) {
    ++unexpected;
    reportError(kTool, "the list names '" + entry.getKey() + "', which is no case with supported operators");
  }
  outs() << passed << " passed, " << failedAsListed << " excluded, " << unsupported << " of unsupported operators, " << unexpected
         << " unexpected\n";
  return unexpected || !passed ? kFailure : kSuccess;
}
