// Random models: every pass keeps the result, every plan passes the verifier, and a plan that was broken at random either fails
// the verifier or still computes the right thing. The interpreter is the judge: its arena is full of NaN.

#include "RandomModel.h"
#include "dialect/IR/Layouts.h"
#include "dialect/Interpreter/Interpreter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "passes/KernelPipelines.h"
#include "passes/Passes.h"
#include <gtest/gtest.h>
#include <random>

using namespace mlir;
using namespace resnet;

namespace {

class MemoryPlanProperty : public testing::Test {
protected:
  MemoryPlanProperty() : context(MLIRContext::Threading::DISABLED) {
    context.loadDialect<ResNetDialect, func::FuncDialect>();
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
  }

  bool run(ModuleOp module, function_ref<void(PassManager &)> build) {
    PassManager manager(&context);
    build(manager);
    return succeeded(manager.run(module));
  }

  // The largest difference to the reference; infinite where the module cannot be executed.
  double difference(ModuleOp module, ArrayRef<Tensor> inputs, ArrayRef<Tensor> reference) {
    FailureOr<SmallVector<Tensor>> results = interpret(module, inputs);
    if (failed(results) || results->size() != reference.size())
      return std::numeric_limits<double>::infinity();
    double worst = 0;
    for (auto [expected, result] : llvm::zip_equal(reference, *results))
      worst = std::max(worst, relativeDifference(expected, result));
    return worst;
  }

  MLIRContext context;
  std::string messages;
};

} // namespace

static bool hasHalo(Value buffer) { return !activationGeometry(cast<BufferType>(buffer.getType()).getTensor()).halo.empty(); }

TEST_F(MemoryPlanProperty, PlansKeepResultsAndPassTheVerifier) {
  unsigned inPlace = 0, subViews = 0, halos = 0, haloedLaunches = 0; // the models would show nothing without them
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    messages.clear();
    OwningOpRef<ModuleOp> module = test::randomModel(&context, seed, 4 + seed % 20);
    ASSERT_TRUE(succeeded(verify(*module))) << messages;
    SmallVector<Tensor> inputs = *randomInputs(cast<FunctionOpInterface>(module->lookupSymbol("main")), 2, seed);
    FailureOr<SmallVector<Tensor>> reference = interpret(*module, inputs);
    ASSERT_TRUE(succeeded(reference)) << messages;
    ASSERT_TRUE(llvm::all_of(*reference, [](const Tensor &tensor) { return isFinite(tensor); }));

    ASSERT_TRUE(run(*module, [](PassManager &m) { buildKernelPipeline(m); })) << messages;
    ASSERT_LE(difference(*module, inputs, *reference), 1e-6) << messages;
    OwningOpRef<ModuleOp> ownMemory = module->clone();
    ASSERT_TRUE(run(*module, [](PassManager &m) { buildMemoryPipeline(m); })) << messages;
    ASSERT_LE(difference(*module, inputs, *reference), 1e-6) << messages;

    module->walk([&](Operation *op) {
      auto launch = dyn_cast<LaunchOp>(op);
      auto view = dyn_cast<ViewOp>(op);
      const bool overInput = launch && llvm::is_contained(launch.getInputs(), launch.getDestination());
      inPlace += overInput;
      haloedLaunches += launch && !overInput && hasHalo(launch.getDestination());
      subViews += view && isa<BufferType>(view.getMemory().getType());
      halos += isa<ZeroHaloOp>(op);
    });

    MemoryPipelineOptions options;
    options.noReuse = true;
    ASSERT_TRUE(run(*ownMemory, [&](PassManager &m) { buildMemoryPipeline(m, options); })) << messages;
    ASSERT_LE(difference(*ownMemory, inputs, *reference), 1e-6) << messages;
    ASSERT_TRUE(run(*module, [](PassManager &m) { buildLLVMPipeline(m); })) << messages;
    ASSERT_TRUE(succeeded(verify(*module))) << messages;
  }
  EXPECT_GT(inPlace, 50u);
  EXPECT_GT(subViews, 50u);
  EXPECT_GT(halos, 50u);
  EXPECT_GT(haloedLaunches, halos) << "no halo was kept";
}

TEST_F(MemoryPlanProperty, VerifierCatchesBrokenPlans) {
  unsigned rejected = 0, harmless = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    OwningOpRef<ModuleOp> module = test::randomModel(&context, seed, 6 + seed % 10);
    SmallVector<Tensor> inputs = *randomInputs(cast<FunctionOpInterface>(module->lookupSymbol("main")), 2, seed);
    FailureOr<SmallVector<Tensor>> reference = interpret(*module, inputs);
    ASSERT_TRUE(succeeded(reference)) << messages;
    ASSERT_TRUE(run(*module, [](PassManager &m) {
      buildKernelPipeline(m);
      buildMemoryPipeline(m);
    })) << messages;
    SmallVector<int64_t> offsets;
    module->walk([&](ViewOp view) {
      if (isa<ArenaType>(view.getMemory().getType()))
        offsets.push_back(view.getOffset());
    });
    if (offsets.empty())
      continue;
    for (int mutant = 0; mutant < 6; ++mutant) {
      OwningOpRef<ModuleOp> broken = module->clone();
      SmallVector<ViewOp> views;
      SmallVector<Operation *> halos;
      broken->walk([&](Operation *op) {
        if (auto view = dyn_cast<ViewOp>(op); view && isa<ArenaType>(view.getMemory().getType()))
          views.push_back(view);
        else if (isa<ZeroHaloOp>(op))
          halos.push_back(op);
      });
      // One buffer moves to where another lies, or one halo is not zeroed.
      if (!halos.empty() && mutant == 0)
        halos[random() % halos.size()]->erase();
      else
        views[random() % views.size()].setOffset(offsets[random() % offsets.size()]);
      if (failed(verify(*broken)) || !run(*broken, [](PassManager &m) { m.addPass(createVerifyMemoryPlan()); })) {
        ++rejected;
        continue;
      }
      ++harmless;
      EXPECT_LE(difference(*broken, inputs, *reference), 1e-6) << "mutant " << mutant << " passes the verifier\n" << messages;
    }
  }
  EXPECT_GT(rejected, 50u);
  EXPECT_GT(harmless, 0u);
}
