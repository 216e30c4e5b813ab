// The table of a memory plan, line by line.

#include "passes/MemoryPlanPrinter.h"
#include "dialect/IR/ResNetDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;

static std::string table(StringRef source) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<resnet::ResNetDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(source, &context);
  EXPECT_TRUE(module);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (module)
    resnet::printMemoryPlan(*module, os);
  return text;
}

TEST(MemoryPlanPrinter, ShowsPlacesAndLifetimes) {
  EXPECT_EQ(table(R"(
!t = tensor<?x20xf32>
!b = !resnet.buffer<!t>
resnet.kernel @softmax(%a: !t) -> !t {
  %0 = resnet.softmax %a : !t -> !t
  resnet.yield %0 : !t
}
resnet.kernel @relu(%a: !t) -> !t attributes {in_place = 0 : i64} {
  %0 = resnet.fused_elementwise %a activation relu : (!t) -> !t
  resnet.yield %0 : !t
}
func.func @main(%x: !b, %y: !b {resnet.output}, %arena: !resnet.arena<256>, %weights: !resnet.weights<0>) {
  %0 = resnet.view %arena[0] : !resnet.arena<256> -> !b
  %1 = resnet.view %arena[128] : !resnet.arena<256> -> !b
  resnet.launch @softmax ins(%x : !b) outs(%0 : !b)
  resnet.launch @softmax ins(%0 : !b) outs(%1 : !b)
  resnet.launch @relu ins(%1 : !b) outs(%1 : !b)
  resnet.launch @softmax ins(%1 : !b) outs(%y : !b)
  return
}
)"),
            "// arena: 256 bytes an image in 2 buffers; at most 256 live at once\n"
            "// weights: 0 bytes; launches: 4\n"
            "//\n"
            "// step  kernel         offset       bytes       live\n"
            "//    0  softmax             0         128        0-1  #=..\n"
            "//    1  softmax           128         128        1-3  .#==\n"
            "//    2  relu              128         128        1-3  .=#=  in place\n"
            "//    3  softmax    argument 1         128        3-3\n");
}

TEST(MemoryPlanPrinter, PrintsNothingWithoutAPlan) {
  EXPECT_EQ(table("func.func @main(%x: tensor<?x20xf32>) -> tensor<?x20xf32> { return %x : tensor<?x20xf32> }"), "");
  EXPECT_EQ(table("module {}"), "");
}
