// Parses a module for a test and catches its diagnostics.

#ifndef RESNET_TEST_UNIT_DIALECT_TESTMODULE_H
#define RESNET_TEST_UNIT_DIALECT_TESTMODULE_H

#include "dialect/IR/ResNetDialect.h"
#include "dialect/Interpreter/Interpreter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

namespace resnet::test {

class TestModule {
public:
  explicit TestModule(llvm::StringRef text)
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          diagnostics += diagnostic.str() + "\n";
          return mlir::success();
        }) {
    context.loadDialect<ResNetDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << diagnostics;
  }

  /// The results of @main; none where it cannot be executed.
  llvm::SmallVector<Tensor> run(llvm::ArrayRef<Tensor> inputs) {
    mlir::FailureOr<llvm::SmallVector<Tensor>> results = interpret(*module, inputs);
    return mlir::succeeded(results) ? *results : llvm::SmallVector<Tensor>();
  }

  mlir::MLIRContext context;
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace resnet::test

#endif // RESNET_TEST_UNIT_DIALECT_TESTMODULE_H
