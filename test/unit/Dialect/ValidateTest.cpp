// Validation by execution: a pass that keeps the results passes, the first one that does not is named.

#include "passes/Validate.h"
#include "TestModule.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace resnet;
using resnet::test::TestModule;

namespace {

// Replaces the filter of every linear layer by another of the same type.
struct ScaleWeights : PassWrapper<ScaleWeights, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ScaleWeights)
  explicit ScaleWeights(float factor) : factor(factor) {}
  StringRef getArgument() const override { return "test-scale-weights"; }
  void runOnOperation() override {
    getOperation().walk([&](ConstantOp op) {
      auto value = cast<DenseElementsAttr>(op.getValue());
      op.setValueAttr(DenseElementsAttr::get(value.getType(), value.getSplatValue<float>() * factor));
    });
  }
  float factor;
};

// Puts an operation of another dialect between.
struct Lower : PassWrapper<Lower, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Lower)
  StringRef getArgument() const override { return "test-lower"; }
  void runOnOperation() override {
    Operation *terminator = getOperation().getBody().front().getTerminator();
    OpBuilder builder(terminator);
    Value value = terminator->getOperand(0);
    terminator->setOperand(
        0, UnrealizedConversionCastOp::create(builder, terminator->getLoc(), value.getType(), value).getResult(0));
  }
};

} // namespace

static constexpr const char *kModel = R"mlir(
  func.func @main(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
    %w = resnet.constant dense<0.5> : tensor<2x4xf32>
    %y = resnet.linear %x, %w : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  })mlir";

// Runs `passes` under validation.
static LogicalResult validate(TestModule &module, std::vector<std::unique_ptr<Pass>> passes, double tolerance = 1e-4) {
  PassManager manager(&module.context);
  manager.addInstrumentation(createValidation({.tolerance = tolerance}));
  for (std::unique_ptr<Pass> &pass : passes)
    manager.addNestedPass<func::FuncOp>(std::move(pass));
  return manager.run(*module.module);
}

template <typename... Passes> static std::vector<std::unique_ptr<Pass>> list(Passes... passes) {
  std::vector<std::unique_ptr<Pass>> result;
  (result.push_back(std::move(passes)), ...);
  return result;
}

static std::unique_ptr<Pass> scale(float factor) { return std::make_unique<ScaleWeights>(factor); }

TEST(Validate, AcceptsPassesThatKeepTheResult) {
  TestModule module(kModel);
  EXPECT_TRUE(succeeded(validate(module, list(scale(1), scale(1.00001f)))));
  EXPECT_EQ(module.diagnostics, "");
}

TEST(Validate, NamesTheFirstPassThatChangesTheResult) {
  TestModule module(kModel);
  EXPECT_TRUE(failed(validate(module, list(scale(1), scale(2), scale(4)))));
  EXPECT_EQ(module.diagnostics, "pass 'test-scale-weights' changes the result: output 0 differs by 1 of its largest element, "
                                "expected at most 0.0001\n");
}

TEST(Validate, ComparesWithThePassBefore) {
  // Each pass stays below the tolerance, all of them together do not.
  TestModule module(kModel);
  EXPECT_TRUE(succeeded(validate(module, list(scale(1.006f), scale(1.006f), scale(1.006f)), 0.01)));
}

TEST(Validate, ToleranceIsAnOption) {
  TestModule strict(kModel), loose(kModel);
  EXPECT_TRUE(failed(validate(strict, list(scale(1.01f)), 0.001)));
  EXPECT_TRUE(succeeded(validate(loose, list(scale(1.01f)), 0.1)));
}

TEST(Validate, EndsWithARemarkBelowTheDialect) {
  TestModule module(kModel);
  EXPECT_TRUE(succeeded(validate(module, list(std::unique_ptr<Pass>(std::make_unique<Lower>()), scale(2)))));
  EXPECT_EQ(module.diagnostics, "validation ends here: pass 'test-lower' lowers @main below the resnet dialect\n");
}

TEST(Validate, NeedsAModel) {
  TestModule module("func.func @other() { return }");
  EXPECT_TRUE(failed(validate(module, list(scale(1)))));
  EXPECT_EQ(module.diagnostics, "expected a function @main, the model\n");
}
