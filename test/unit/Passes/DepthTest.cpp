// Depth costs nothing twice: what the pipelines visit grows with the number of layers and no faster. Counted, not timed: pattern
// applications, operations in branches of sums, buffers that a plan compares, facts that its verifier compares.

#include "dialect/IR/ResNetDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Action.h"
#include "mlir/Parser/Parser.h"
#include "passes/KernelPipelines.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "llvm/ADT/Statistic.h"
#include "llvm/Support/FormatVariadic.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace resnet;

namespace {

// A network of basic blocks, `depth` in each of three stages, the first block of the later two with option A's shortcut.
class Network {
public:
  Network(unsigned depth, bool preactivation) {
    text = "func.func @main(%x: tensor<?x4x16x16xf32>) -> tensor<?x16x4x4xf32> {\n";
    std::string x = "%x";
    int64_t channels = 4, size = 16;
    for (unsigned stage = 0; stage < 3; ++stage)
      for (unsigned block = 0; block < depth; ++block) {
        const bool halves = stage > 0 && block == 0;
        const std::string input = type(channels, size);
        std::string f = preactivation ? relu(norm(x, channels, size), channels, size) : x;
        const int64_t out = halves ? 2 * channels : channels, outSize = halves ? size / 2 : size;
        f = relu(norm(conv(f, channels, out, size, halves ? 2 : 1), out, outSize), out, outSize);
        f = conv(f, out, out, outSize, 1);
        if (!preactivation)
          f = norm(f, out, outSize);
        std::string shortcut = x;
        if (halves)
          shortcut = define(llvm::formatv("resnet.subsample {0} stride [2, 2] channel_padding [0, {1}] : {2} -> {3}", x, channels,
                                          input, type(out, outSize)));
        channels = out, size = outSize;
        const std::string map = type(channels, size);
        x = define(llvm::formatv("resnet.add {0}, {1} : ({2}, {2}) -> {2}", f, shortcut, map));
        if (!preactivation)
          x = relu(x, channels, size);
      }
    text += "  return " + x + " : tensor<?x16x4x4xf32>\n}\n";
  }

  std::string text;

private:
  std::string define(const std::string &operation) {
    const std::string name = "%" + std::to_string(values++);
    text += "  " + name + " = " + operation + "\n";
    return name;
  }
  static std::string type(int64_t channels, int64_t size) { return llvm::formatv("tensor<?x{0}x{1}x{1}xf32>", channels, size); }
  // Elements that no other layer has, so that no two weights are one.
  std::string constant(const std::string &type) {
    return define(llvm::formatv("resnet.constant dense<{0}.0> : {1}", values + 1, type));
  }
  std::string conv(const std::string &x, int64_t in, int64_t out, int64_t size, int64_t stride) {
    const std::string filter = llvm::formatv("tensor<{0}x{1}x3x3xf32>", out, in), w = constant(filter);
    return define(llvm::formatv("resnet.conv2d {0}, {1} stride [{2}, {2}] pad [1, 1, 1, 1] : ({3}, {4}) -> {5}", x, w, stride,
                                type(in, size), filter, type(out, size / stride)));
  }
  std::string norm(const std::string &x, int64_t channels, int64_t size) {
    const std::string vector = llvm::formatv("tensor<{0}xf32>", channels), v = constant(vector), map = type(channels, size);
    return define(
        llvm::formatv("resnet.batch_norm {0}, {1}, {1}, {1}, {1} : ({2}, {3}, {3}, {3}, {3}) -> {2}", x, v, map, vector));
  }
  std::string relu(const std::string &x, int64_t channels, int64_t size) {
    return define(llvm::formatv("resnet.relu {0} : {1} -> {1}", x, type(channels, size)));
  }

  int64_t values = 0;
};

using Counts = std::map<std::string, uint64_t>;

// What the whole way to the LLVM dialect visits.
Counts visits(const std::string &source) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<ResNetDialect, func::FuncDialect, LLVM::LLVMDialect>();
  Counts counts;
  context.registerActionHandler([&](function_ref<void()> transform, const tracing::Action &action) {
    ++counts[action.getTag().str()];
    transform();
  });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(source, &context);
  EXPECT_TRUE(module);
  PassManager manager(&context);
  buildImportPipeline(manager);
  buildGraphPipeline(manager);
  buildKernelPipeline(manager);
  buildMemoryPipeline(manager);
  buildLLVMPipeline(manager);
  llvm::EnableStatistics(/*DoPrintOnExit=*/false);
  llvm::ResetStatistics();
  EXPECT_TRUE(module && succeeded(manager.run(*module)));
  for (auto [name, value] : llvm::GetStatistics())
    counts[name.str()] += value;
  return counts;
}

} // namespace

TEST(Depth, WhatIsVisitedGrowsAsTheNumberOfLayers) {
  for (bool preactivation : {false, true}) {
    const Counts shallow = visits(Network(20, preactivation).text), deep = visits(Network(160, preactivation).text);
    // These are what a superlinear pass would show in.
    for (const char *name : {"apply-pattern", "visited", "pairsOfBuffers", "comparisons"})
      EXPECT_GT(shallow.count(name) ? shallow.at(name) : 0, 20u) << name;
    for (auto [name, count] : deep) {
      const uint64_t before = shallow.count(name) ? shallow.at(name) : 0;
      EXPECT_LE(count, 8.2 * before + 50) << name << (preactivation ? ", pre-activation: " : ": ") << before
                                          << " for 20 blocks a stage";
    }
  }
}
