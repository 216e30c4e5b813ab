// mlir-opt for residual networks: every pass and pipeline of the project over textual IR or bytecode.

#include "dialect/IR/ResNetDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Passes.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<resnet::ResNetDialect, mlir::func::FuncDialect>();
  resnet::registerResNetPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Residual network optimiser\n", registry));
}
