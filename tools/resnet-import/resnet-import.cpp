// resnet-import: an ONNX model or an architecture, built-in or described in a file, as a module of the resnet dialect.

#include "dialect/Import/Architectures.h"
#include "dialect/Import/OnnxOperators.h"
#include "tools/support/ToolSupport.h"
#include "llvm/Support/CommandLine.h"

using namespace resnet;
namespace cl = llvm::cl;

static constexpr llvm::StringLiteral kTool = "resnet-import";

static cl::OptionCategory category("resnet-import options");
static cl::opt<std::string> model(cl::Positional, cl::desc("MODEL.onnx"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Output: M.mlirbc (bytecode), M.mlir (text) or - (text on stdout)"),
                                   cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string> arch("arch", cl::desc("A built-in architecture, or a description of one, in place of a model"),
                                 cl::value_desc("name|file.json"), cl::cat(category));
static cl::opt<std::string> weights("weights", cl::desc("Weights for --arch, with torchvision's or timm's names"),
                                    cl::value_desc("W.safetensors"), cl::cat(category));
static cl::opt<uint64_t> seed("seed", cl::desc("Seed of the weights that --arch generates (default 0)"), cl::cat(category));
static cl::opt<float>
    residualScale("residual-scale",
                  cl::desc("Size of the generated residual functions, above 0 and at most 1 (default 0.25): the "
                           "last normalisation's scale in a block"),
                  cl::cat(category));
static cl::opt<bool> list("list", cl::desc("Print the names of the architectures"), cl::cat(category));
static cl::opt<bool> operators("operators", cl::desc("Print the operators of ONNX that are read, and on which operands"),
                               cl::cat(category));
static cl::list<std::string> shapes("shape", cl::desc("Shape of an input, ? for a dynamic batch: input:?x3x224x224"),
                                    cl::value_desc("[name:]dims"), cl::cat(category));

// What is wrong with the command line; empty where nothing is.
static std::string checkUsage() {
  if (model.empty() == arch.empty())
    return model.empty() ? "expected MODEL.onnx or --arch=NAME, got neither" : "expected MODEL.onnx or --arch=NAME, got both";
  if (output.empty())
    return "expected an output: -o M.mlirbc, -o M.mlir or -o -";
  if (arch.empty() && (!weights.empty() || seed.getNumOccurrences()))
    return "expected --arch with --weights and --seed, got MODEL.onnx, which has its own weights";
  if (!weights.empty() && seed.getNumOccurrences())
    return "expected --weights or --seed, got both";
  if (residualScale.getNumOccurrences()) {
    if (arch.empty() || !weights.empty())
      return "expected --residual-scale with generated weights, got weights from a file";
    if (!(residualScale > 0 && residualScale <= 1))
      return "expected --residual-scale above 0 and at most 1, got " + std::to_string(residualScale);
  }
  return {};
}

int main(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  if (!cl::ParseCommandLineOptions(argc, argv, "Imports a residual network\n", &llvm::errs()))
    return kBadUsage;
  if (list) {
    for (const Architecture &architecture : architectures())
      llvm::outs() << architecture.name << '\n';
    return kSuccess;
  }
  if (operators) {
    for (const OnnxOperator &op : onnxOperators())
      llvm::outs() << op.name << ' ' << operandsName(op.operands) << '\n';
    return kSuccess;
  }
  if (std::string problem = checkUsage(); !problem.empty())
    return reportError(kTool, problem, kBadUsage);
  ImportOptions options;
  for (const std::string &text : shapes) {
    std::string error;
    mlir::FailureOr<InputShape> shape = parseInputShape(text, error);
    if (failed(shape))
      return reportError(kTool, "--shape: " + error, kBadUsage);
    options.shapes.push_back(std::move(*shape));
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  LineDiagnostics diagnostics(&context, kTool);
  mlir::OwningOpRef<mlir::ModuleOp> module;
  if (arch.empty()) {
    module = loadModel(model, options, &context);
  } else {
    llvm::Expected<Architecture> architecture = loadArchitecture(arch);
    if (!architecture)
      return reportError(kTool, toString(architecture.takeError()));
    ArchitectureOptions build{seed, weights, options.shapes, {}};
    if (residualScale.getNumOccurrences())
      build.residualScale = residualScale;
    module = buildArchitecture(*architecture, build, &context);
  }
  return module && succeeded(writeModel(*module, output)) ? kSuccess : kFailure;
}
