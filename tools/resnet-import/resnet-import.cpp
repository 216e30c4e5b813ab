// resnet-import: an ONNX model or a built-in architecture as a module of the resnet dialect.

#include "tools/support/ToolSupport.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace resnet;
namespace cl = llvm::cl;

static constexpr llvm::StringLiteral kTool = "resnet-import";

static cl::OptionCategory category("resnet-import options");
static cl::opt<std::string> model(cl::Positional, cl::desc("MODEL.onnx"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Output: M.mlirbc (bytecode), M.mlir (text) or - (text on stdout)"),
                                   cl::value_desc("file"), cl::cat(category));
static cl::list<std::string> shapes("shape", cl::desc("Shape of an input, ? for a dynamic batch: input:?x3x224x224"),
                                    cl::value_desc("[name:]dims"), cl::cat(category));

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  if (!cl::ParseCommandLineOptions(argc, argv, "Imports a residual network\n", &llvm::errs()))
    return kBadUsage;
  if (model.empty())
    return reportError(kTool, "expected MODEL.onnx, got neither", kBadUsage);
  if (output.empty())
    return reportError(kTool, "expected an output, -o M.mlirbc, -o M.mlir or -o -", kBadUsage);
  ImportOptions options;
  for (const std::string &text : shapes) {
    std::string error;
    mlir::FailureOr<InputShape> shape = parseInputShape(text, error);
    if (failed(shape))
      return reportError(kTool, error, kBadUsage);
    options.shapes.push_back(std::move(*shape));
  }

  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  LineDiagnostics diagnostics(&context, kTool);
  mlir::OwningOpRef<mlir::ModuleOp> module = loadModel(model, options, &context);
  if (!module || failed(writeModel(*module, output)))
    return kFailure;
  return kSuccess;
}
