// Each model goes through the compiler's pipelines up to the memory plan, where the kernels are known.

#include "tools/resnet-tune/Models.h"
#include "codegen/ConvolutionSpecs.h"
#include "dialect/Import/Architectures.h"
#include "tools/support/ToolSupport.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace resnet;

std::vector<std::string> resnet::familyArchitectures() {
  return {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnet20", "resnet56", "resnet110"};
}

namespace {
class Collector {
public:
  Collector(const ModelChoice &choice, codegen::Target target, ArrayRef<int64_t> batches)
      : choice(choice), target(target), batches(batches) {}

  Expected<std::vector<codegen::KernelSpec>> run() {
    ImportOptions import;
    for (const std::string &text : choice.shapes) {
      std::string error;
      mlir::FailureOr<InputShape> shape = parseInputShape(text, error);
      if (failed(shape))
        return createStringError("--shape: " + error);
      import.shapes.push_back(*shape);
    }
    // One context a model, so that one model's weights are in memory at a time.
    for (const std::string &file : choice.files)
      if (Error error = add(file, [&](mlir::MLIRContext *context) { return loadModel(file, import, context); }))
        return std::move(error);
    for (const std::string &name : choice.architectures) {
      const Architecture *architecture = findArchitecture(name);
      if (!architecture)
        return createStringError("--arch: expected a name that resnet-import --list prints, got '" + name + "'");
      if (Error error = add(name, [&](mlir::MLIRContext *context) {
            return buildArchitecture(*architecture, {/*seed=*/0, /*weights=*/"", import.shapes}, context);
          }))
        return std::move(error);
    }
    return std::move(specs);
  }

private:
  Error add(StringRef name, function_ref<mlir::OwningOpRef<mlir::ModuleOp>(mlir::MLIRContext *)> load) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    LineDiagnostics diagnostics(&context, "resnet-tune");
    mlir::OwningOpRef<mlir::ModuleOp> module = load(&context);
    if (!module || failed(codegen::planModel(*module, choice.shapes)))
      return createStringError(""); // told already
    mlir::FailureOr<std::vector<codegen::KernelSpec>> found = codegen::convolutionSpecs(*module, target);
    if (failed(found))
      return createStringError(""); // told already
    for (codegen::KernelSpec &spec : *found)
      if (known.insert(scheduleKey(spec)).second)
        for (int64_t batch : batches) {
          spec.batch = batch;
          specs.push_back(spec);
        }
    return Error::success();
  }

  const ModelChoice &choice;
  codegen::Target target;
  ArrayRef<int64_t> batches;
  StringSet<> known;
  std::vector<codegen::KernelSpec> specs;
};
} // namespace

Expected<std::vector<codegen::KernelSpec>> resnet::convolutionsOf(const ModelChoice &choice, codegen::Target target,
                                                                  ArrayRef<int64_t> batches) {
  return Collector(choice, target, batches).run();
}
