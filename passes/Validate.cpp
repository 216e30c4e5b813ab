// Instrumentation around the reference interpreter. Assumes that passes on other functions of the module leave `@main` and the
// kernels alone: only passes on the module or on `@main` itself are followed by a run.

#include "passes/Validate.h"
#include "dialect/Interpreter/Interpreter.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/Format.h"
#include <mutex>

using namespace mlir;
using namespace resnet;

namespace {

class Validation : public PassInstrumentation {
public:
  explicit Validation(const ValidationOptions &options) : options(options) {}

  void runBeforePass(Pass *pass, Operation *op) override;
  void runAfterPass(Pass *pass, Operation *op) override;

private:
  LogicalResult start(ModuleOp module);
  LogicalResult check(Pass *pass, FunctionOpInterface model);

  const ValidationOptions options;
  std::mutex mutex; // passes on functions run in parallel
  enum { NotStarted, Active, Ended } state = NotStarted;
  SmallVector<Tensor> inputs, reference;
};

} // namespace

static ModuleOp moduleOf(Operation *op) {
  while (Operation *parent = op->getParentOp())
    op = parent;
  return dyn_cast<ModuleOp>(op);
}

LogicalResult Validation::start(ModuleOp module) {
  FailureOr<FunctionOpInterface> model = findModel(module);
  if (failed(model))
    return failure();
  FailureOr<SmallVector<Tensor>> random = randomInputs(*model, options.batch, options.seed);
  if (failed(random))
    return failure();
  inputs = std::move(*random);
  FailureOr<SmallVector<Tensor>> result = interpret(*model, inputs);
  if (failed(result))
    return failure();
  for (auto [index, output] : llvm::enumerate(*result))
    if (!isFinite(output))
      return emitError(model->getLoc()) << "cannot be validated: output " << index << " is not finite on seeded inputs";
  reference = std::move(*result);
  return success();
}

void Validation::runBeforePass(Pass *pass, Operation *op) {
  std::lock_guard<std::mutex> lock(mutex);
  ModuleOp module = moduleOf(op);
  if (state != NotStarted || !module)
    return;
  state = Active;
  if (failed(start(module))) {
    state = Ended;
    signalPassFailure(pass);
  }
}

LogicalResult Validation::check(Pass *pass, FunctionOpInterface model) {
  FailureOr<SmallVector<Tensor>> result = interpret(model, inputs);
  if (failed(result))
    return emitError(model.getLoc()) << "pass '" << pass->getArgument() << "' leaves a model that cannot be executed";
  if (result->size() != reference.size())
    return emitError(model.getLoc()) << "pass '" << pass->getArgument() << "' changes the number of outputs from "
                                     << reference.size() << " to " << result->size();
  for (auto [index, before, after] : llvm::enumerate(reference, *result)) {
    const double difference = relativeDifference(before, after);
    if (difference <= options.tolerance)
      continue;
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("%.3g of its largest element, expected at most %.3g", difference,
                                                   options.tolerance);
    return emitError(model.getLoc()) << "pass '" << pass->getArgument() << "' changes the result: output " << index
                                     << " differs by " << text;
  }
  reference = std::move(*result);
  return success();
}

void Validation::runAfterPass(Pass *pass, Operation *op) {
  // Adaptors that only run nested passes have no argument.
  if (pass->getArgument().empty())
    return;
  std::lock_guard<std::mutex> lock(mutex);
  ModuleOp module = moduleOf(op);
  if (state != Active || !module)
    return;
  auto model = dyn_cast_or_null<FunctionOpInterface>(module.lookupSymbol("main"));
  if (op != module && op != model)
    return;
  if (!model || !isInterpretable(model)) {
    state = Ended;
    emitRemark(op->getLoc()) << "validation ends here: pass '" << pass->getArgument()
                             << "' lowers @main below the resnet dialect";
    return;
  }
  if (failed(check(pass, model))) {
    state = Ended;
    signalPassFailure(pass);
  }
}

std::unique_ptr<PassInstrumentation> resnet::createValidation(const ValidationOptions &options) {
  return std::make_unique<Validation>(options);
}
