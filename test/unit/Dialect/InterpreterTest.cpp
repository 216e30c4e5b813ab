// Whole functions on the tensor levels: what each operation's attributes mean, regions, kernels, and reports of what cannot be
// executed.

#include "TestModule.h"
#include <cmath>

using namespace resnet;
using resnet::test::TestModule;

// Wraps one operation on %x into @main.
static std::string model(llvm::StringRef input, llvm::StringRef operation, llvm::StringRef result) {
  return ("func.func @main(%x: " + input + ") -> " + result + " {\n  %y = " + operation + " : " + input + " -> " + result +
          "\n  return %y : " + result + "\n}")
      .str();
}

static std::vector<float> evaluate(llvm::StringRef input, llvm::StringRef operation, llvm::StringRef result, const Tensor &x) {
  TestModule module(model(input, operation, result));
  llvm::SmallVector<Tensor> results = module.run(x);
  EXPECT_EQ(results.size(), 1u) << module.diagnostics;
  return results.empty() ? std::vector<float>() : results[0].elements;
}

TEST(Interpreter, Relu) {
  EXPECT_EQ(evaluate("tensor<?x3xf32>", "resnet.relu %x", "tensor<?x3xf32>", Tensor({1, 3}, {-1, 0, 2})),
            (std::vector<float>{0, 0, 2}));
}

TEST(Interpreter, Subsample) {
  EXPECT_EQ(evaluate("tensor<?x1x3x3xf32>", "resnet.subsample %x stride [2, 2] channel_padding [1, 1]", "tensor<?x3x2x2xf32>",
                     Tensor({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})),
            (std::vector<float>{0, 0, 0, 0, 1, 3, 7, 9, 0, 0, 0, 0}));
}

TEST(Interpreter, SubsampledAddend) {
  TestModule module(R"mlir(
    func.func @main(%x: tensor<?x1x3x3xf32>) -> tensor<?x2x2x2xf32> {
      %w = resnet.constant dense<10.0> : tensor<2x1x1x1xf32>
      %0 = resnet.fused_conv2d %x, %w addend %x subsample [2, 2] channel_padding [1, 0] stride [2, 2]
          : (tensor<?x1x3x3xf32>, tensor<2x1x1x1xf32>, tensor<?x1x3x3xf32>) -> tensor<?x2x2x2xf32>
      return %0 : tensor<?x2x2x2xf32>
    })mlir");
  llvm::SmallVector<Tensor> results = module.run(Tensor({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
  ASSERT_EQ(results.size(), 1u) << module.diagnostics;
  EXPECT_EQ(results[0].elements, (std::vector<float>{10, 30, 70, 90, 11, 33, 77, 99}));
}

// The pool's padding is no zero that could win.
TEST(Interpreter, FusedStem) {
  TestModule module(R"mlir(
    func.func @main(%x: tensor<?x1x1x4xf32>) -> (tensor<?x1x1x2xf32>, tensor<?x1x1x2xf32>) {
      %w = resnet.constant dense<-1.0> : tensor<1x1x1x1xf32>
      %b = resnet.constant dense<0.5> : tensor<1xf32>
      %0 = resnet.fused_stem %x, %w bias %b pool [1, 2] stride [1, 2] pad [0, 1, 0, 0]
          : (tensor<?x1x1x4xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<?x1x1x2xf32>
      %1 = resnet.fused_stem %x, %w bias %b activation relu pool [1, 2] stride [1, 2] pad [0, 1, 0, 0]
          : (tensor<?x1x1x4xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>) -> tensor<?x1x1x2xf32>
      return %0, %1 : tensor<?x1x1x2xf32>, tensor<?x1x1x2xf32>
    })mlir");
  llvm::SmallVector<Tensor> results = module.run(Tensor({1, 1, 1, 4}, {1, -2, 3, 4}));
  ASSERT_EQ(results.size(), 2u) << module.diagnostics;
  EXPECT_EQ(results[0].elements, (std::vector<float>{-0.5, 2.5}));
  EXPECT_EQ(results[1].elements, (std::vector<float>{0, 2.5}));
}

TEST(Interpreter, Pad) {
  EXPECT_EQ(evaluate("tensor<?x1x1x2xf32>", "resnet.pad %x low [0, 0, 1] high [1, 0, 0] value 7.0", "tensor<?x2x1x3xf32>",
                     Tensor({1, 1, 1, 2}, {1, 2})),
            (std::vector<float>{7, 1, 2, 7, 7, 7}));
}

TEST(Interpreter, PadModes) {
  const Tensor x({1, 1, 1, 3}, {1, 2, 3});
  EXPECT_EQ(evaluate("tensor<?x1x1x3xf32>", "resnet.pad %x low [0, 0, 2] high [0, 0, 1] mode reflect", "tensor<?x1x1x6xf32>", x),
            (std::vector<float>{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(evaluate("tensor<?x1x1x3xf32>", "resnet.pad %x low [0, 1, 0] high [0, 0, 2] mode edge", "tensor<?x1x2x5xf32>", x),
            (std::vector<float>{1, 2, 3, 3, 3, 1, 2, 3, 3, 3}));
}

TEST(Interpreter, AttributesOfActivations) {
  const Tensor x({1, 3}, {-2, 1, 4});
  auto run = [&](llvm::StringRef operation) { return evaluate("tensor<?x3xf32>", operation, "tensor<?x3xf32>", x); };
  EXPECT_EQ(run("resnet.clip %x min -1.0 max 2.0"), (std::vector<float>{-1, 1, 2}));
  EXPECT_EQ(run("resnet.clip %x max 2.0"), (std::vector<float>{-2, 1, 2}));
  EXPECT_EQ(run("resnet.hard_sigmoid %x slope 0.25 offset 0.25"), (std::vector<float>{0, 0.5, 1}));
  EXPECT_EQ(run("resnet.fake_quantize %x scale 1.5 zero_point -2 range [-3, 0]"), (std::vector<float>{-1.5, 1.5, 3}));
  EXPECT_EQ(run("resnet.silu %x")[1], 1 / (1 + std::exp(-1.f)));
  EXPECT_EQ(run("resnet.sigmoid %x")[1], 1 / (1 + std::exp(-1.f)));
  EXPECT_FLOAT_EQ(run("resnet.hard_swish %x")[1], 2 / 3.f);
}

TEST(Interpreter, ShapesOfOneElement) {
  const Tensor x({1, 2, 1, 1}, {3, 4});
  EXPECT_EQ(evaluate("tensor<?x2x1x1xf32>", "resnet.expand %x size [1, 3]", "tensor<?x2x1x3xf32>", x),
            (std::vector<float>{3, 3, 3, 4, 4, 4}));
  EXPECT_EQ(evaluate("tensor<?x2x1x1xf32>", "resnet.reshape %x [1, 1, 2]", "tensor<?x1x1x2xf32>", x), x.elements);
}

TEST(Interpreter, GlobalMaxPool) {
  EXPECT_EQ(
      evaluate("tensor<?x2x1x2xf32>", "resnet.global_max_pool %x", "tensor<?x2x1x1xf32>", Tensor({1, 2, 1, 2}, {1, 3, -2, -4})),
      (std::vector<float>{3, -2}));
}

TEST(Interpreter, LogSoftmax) {
  const std::vector<float> result =
      evaluate("tensor<?x2xf32>", "resnet.softmax %x log", "tensor<?x2xf32>", Tensor({1, 2}, {5, 5}));
  EXPECT_FLOAT_EQ(result[0], std::log(0.5f));
}

TEST(Interpreter, ProductsNormsAndConcatenation) {
  TestModule module(R"mlir(
    func.func @main(%x: tensor<?x2x1x2xf32>, %g: tensor<?x2x1x1xf32>) -> (tensor<?x2x1x2xf32>, tensor<?x2x1x2xf32>,
        tensor<?x3x1x2xf32>, tensor<?x2x1x2xf32>) {
      %one = resnet.constant dense<1.0> : tensor<2xf32>
      %two = resnet.constant dense<2.0> : tensor<2xf32>
      %0 = resnet.mul %x, %g : (tensor<?x2x1x2xf32>, tensor<?x2x1x1xf32>) -> tensor<?x2x1x2xf32>
      %1 = resnet.group_norm %x, %two, %one groups 2 epsilon 0.0
          : (tensor<?x2x1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x1x2xf32>
      %2 = resnet.slice %x offsets [1, 0, 0] sizes [1, 1, 2] strides [1, 1, 1] : tensor<?x2x1x2xf32> -> tensor<?x1x1x2xf32>
      %3 = resnet.concat %2, %x : (tensor<?x1x1x2xf32>, tensor<?x2x1x2xf32>) -> tensor<?x3x1x2xf32>
      %4 = resnet.fused_elementwise %x scale %two, %one gate %g addend %x activation relu6
          : (tensor<?x2x1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<?x2x1x1xf32>, tensor<?x2x1x2xf32>) -> tensor<?x2x1x2xf32>
      return %0, %1, %3, %4 : tensor<?x2x1x2xf32>, tensor<?x2x1x2xf32>, tensor<?x3x1x2xf32>, tensor<?x2x1x2xf32>
    })mlir");
  llvm::SmallVector<Tensor> results = module.run({Tensor({1, 2, 1, 2}, {1, 3, 5, 9}), Tensor({1, 2, 1, 1}, {0.5, -1})});
  ASSERT_EQ(results.size(), 4u) << module.diagnostics;
  EXPECT_EQ(results[0].elements, (std::vector<float>{0.5, 1.5, -5, -9}));
  EXPECT_EQ(results[1].elements, (std::vector<float>{-1, 3, -1, 3}));
  EXPECT_EQ(results[2].elements, (std::vector<float>{5, 9, 1, 3, 5, 9}));
  EXPECT_EQ(results[3].elements, (std::vector<float>{2.5, 6, 0, 0}));
}

// Once for the sum and the activation together.
TEST(Interpreter, ResidualActivations) {
  TestModule module(R"mlir(
    func.func @main(%x: tensor<?x1x1x2xf32>) -> tensor<?x1x1x2xf32> {
      %w = resnet.constant dense<3.0> : tensor<1x1x1x1xf32>
      %0 = resnet.residual %x activation relu6 {
        %f = resnet.conv2d %x, %w : (tensor<?x1x1x2xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x1x2xf32>
        resnet.yield %f : tensor<?x1x1x2xf32>
      } : tensor<?x1x1x2xf32> -> tensor<?x1x1x2xf32>
      return %0 : tensor<?x1x1x2xf32>
    })mlir");
  llvm::SmallVector<Tensor> results = module.run(Tensor({1, 1, 1, 2}, {1, 2}));
  ASSERT_EQ(results.size(), 1u) << module.diagnostics;
  EXPECT_EQ(results[0].elements, (std::vector<float>{4, 6}));
}

TEST(Interpreter, Slice) {
  EXPECT_EQ(evaluate("tensor<?x2x2x3xf32>", "resnet.slice %x offsets [1, 0, 0] sizes [1, 2, 2] strides [1, 1, 2]",
                     "tensor<?x1x2x2xf32>", Tensor({1, 2, 2, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})),
            (std::vector<float>{6, 8, 9, 11}));
}

TEST(Interpreter, Transpose) {
  EXPECT_EQ(evaluate("tensor<?x1x2x3xf32>", "resnet.transpose %x [0, 3, 1, 2]", "tensor<?x3x1x2xf32>",
                     Tensor({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6})),
            (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST(Interpreter, FlattenAndDropout) {
  EXPECT_EQ(evaluate("tensor<?x2x1x2xf32>", "resnet.flatten %x", "tensor<?x4xf32>", Tensor({1, 2, 1, 2}, {1, 2, 3, 4})),
            (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(evaluate("tensor<?x2xf32>", "resnet.dropout %x", "tensor<?x2xf32>", Tensor({1, 2}, {1, 2})),
            (std::vector<float>{1, 2}));
}

TEST(Interpreter, AvgPoolReadsItsAttributes) {
  const Tensor ones({1, 1, 3, 3}, std::vector<float>(9, 1));
  EXPECT_EQ(evaluate("tensor<?x1x3x3xf32>", "resnet.avg_pool2d %x kernel [2, 2] stride [2, 2] pad [1, 1, 0, 0]",
                     "tensor<?x1x2x2xf32>", ones),
            (std::vector<float>{1, 1, 1, 1}));
  EXPECT_EQ(evaluate("tensor<?x1x3x3xf32>", "resnet.avg_pool2d %x kernel [2, 2] stride [2, 2] pad [1, 1, 0, 0] count_include_pad",
                     "tensor<?x1x2x2xf32>", ones),
            (std::vector<float>{0.25, 0.5, 0.5, 1}));
}

TEST(Interpreter, ResidualBlockWithIdentityAndWithShortcut) {
  TestModule module(R"mlir(
    func.func @main(%x: tensor<?x1x1x2xf32>) -> (tensor<?x1x1x2xf32>, tensor<?x2x1x1xf32>) {
      %w = resnet.constant dense<-2.0> : tensor<1x1x1x1xf32>
      %p = resnet.constant dense<[[[[1.0]]], [[[-10.0]]]]> : tensor<2x1x1x1xf32>
      %0 = resnet.residual %x activation relu {
        %f = resnet.conv2d %x, %w : (tensor<?x1x1x2xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x1x2xf32>
        resnet.yield %f : tensor<?x1x1x2xf32>
      } : tensor<?x1x1x2xf32> -> tensor<?x1x1x2xf32>
      %1 = resnet.residual %0 {
        %f = resnet.conv2d %0, %p stride [2, 2] : (tensor<?x1x1x2xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x1x1xf32>
        resnet.yield %f : tensor<?x2x1x1xf32>
      } shortcut {
        %g = resnet.subsample %0 stride [2, 2] channel_padding [0, 1] : tensor<?x1x1x2xf32> -> tensor<?x2x1x1xf32>
        resnet.yield %g : tensor<?x2x1x1xf32>
      } : tensor<?x1x1x2xf32> -> tensor<?x2x1x1xf32>
      return %0, %1 : tensor<?x1x1x2xf32>, tensor<?x2x1x1xf32>
    })mlir");
  llvm::SmallVector<Tensor> results = module.run(Tensor({1, 1, 1, 2}, {-3, 4}));
  ASSERT_EQ(results.size(), 2u) << module.diagnostics;
  EXPECT_EQ(results[0].elements, (std::vector<float>{3, 0})); // relu(x - 2x)
  EXPECT_EQ(results[1].elements, (std::vector<float>{6, -30}));
}

TEST(Interpreter, BatchIsTheInputs) {
  TestModule module(model("tensor<?x1x1x2xf32>", "resnet.global_avg_pool %x", "tensor<?x1x1x1xf32>"));
  for (int64_t batch : {1, 3}) {
    llvm::SmallVector<Tensor> results = module.run(randomInput({batch, 1, 1, 2}, 1));
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].shape, (llvm::SmallVector<int64_t>{batch, 1, 1, 1}));
  }
}

TEST(Interpreter, LaunchesOnTensors) {
  TestModule module(R"mlir(
    resnet.kernel @linear(%x: tensor<?x2xf32>, %w: tensor<1x2xf32>) -> tensor<?x1xf32> {
      %0 = resnet.linear %x, %w : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x1xf32>
      resnet.yield %0 : tensor<?x1xf32>
    }
    func.func @main(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
      %w = resnet.constant dense<[[10.0, 1.0]]> : tensor<1x2xf32>
      %d = resnet.empty : tensor<?x1xf32>
      %y = resnet.launch @linear ins(%x, %w : tensor<?x2xf32>, tensor<1x2xf32>) outs(%d : tensor<?x1xf32>) -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    })mlir");
  llvm::SmallVector<Tensor> results = module.run(Tensor({2, 2}, {1, 2, 3, 4}));
  ASSERT_EQ(results.size(), 1u) << module.diagnostics;
  EXPECT_EQ(results[0].elements, (std::vector<float>{12, 34}));
}

TEST(Interpreter, RandomInputsHaveTheFunctionsShapes) {
  TestModule module(
      "func.func @main(%x: tensor<?x3xf32>, %y: tensor<4x2xf32>) -> tensor<4x2xf32> { return %y : tensor<4x2xf32> }");
  llvm::SmallVector<Tensor> inputs = *randomInputs(*findModel(*module.module), 5, 1);
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].shape, (llvm::SmallVector<int64_t>{5, 3}));
  EXPECT_EQ(inputs[1].shape, (llvm::SmallVector<int64_t>{4, 2}));
}

TEST(Interpreter, ReportsMissingMain) {
  TestModule module("func.func @other() { return }");
  EXPECT_TRUE(module.run({}).empty());
  EXPECT_EQ(module.diagnostics, "expected a function @main, the model\n");
}

TEST(Interpreter, ReportsInputsThatDoNotFit) {
  TestModule module(model("tensor<?x2xf32>", "resnet.relu %x", "tensor<?x2xf32>"));
  EXPECT_TRUE(module.run(Tensor({1, 3}, {1, 2, 3})).empty());
  EXPECT_EQ(module.diagnostics, "expected input 0 of shape [1, 2], got [1, 3]\n");
  module.diagnostics.clear();
  EXPECT_TRUE(module.run({}).empty());
  EXPECT_EQ(module.diagnostics, "expected more than the 0 inputs given\n");
  module.diagnostics.clear();
  EXPECT_TRUE(module.run({Tensor({1, 2}), Tensor({1, 2})}).empty());
  EXPECT_EQ(module.diagnostics, "expected 1 inputs, got 2\n");
}

TEST(Interpreter, ReportsElidedWeights) {
  TestModule module(R"mlir(
    func.func @main(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
      %w = resnet.constant dense_resource<__elided__> : tensor<1x2xf32>
      %y = resnet.linear %x, %w : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    })mlir");
  EXPECT_TRUE(module.run(Tensor({1, 2})).empty());
  EXPECT_EQ(module.diagnostics,
            "'resnet.linear' op needs the elements of a constant that has none: 'tensor<1x2xf32>' is elided, or "
            "not of f32\n");
}

TEST(Interpreter, ReportsAbsurdSizes) {
  TestModule module(
      model("tensor<1x1x1x1xf32>", "resnet.pad %x low [0, 100000, 100000] high [0, 0, 0]", "tensor<1x1x100001x100001xf32>"));
  EXPECT_TRUE(module.run(Tensor({1, 1, 1, 1})).empty());
  EXPECT_NE(module.diagnostics.find("too large to be interpreted"), std::string::npos) << module.diagnostics;
}

TEST(Interpreter, ReportsAbsurdPadding) {
  TestModule module("func.func @main(%x: tensor<1x1x1x1xf32>, %w: tensor<1x1x2x2xf32>) -> tensor<1x1x1x1xf32> {\n"
                    "  %y = resnet.conv2d %x, %w pad [8388608, 8388608, 8388608, 8388608] dilation [16777216, 16777216]\n"
                    "      : (tensor<1x1x1x1xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x1x1xf32>\n"
                    "  return %y : tensor<1x1x1x1xf32>\n}");
  EXPECT_TRUE(module.run({Tensor({1, 1, 1, 1}), Tensor({1, 1, 2, 2})}).empty());
  EXPECT_NE(module.diagnostics.find("too large to be interpreted"), std::string::npos) << module.diagnostics;
}

TEST(Interpreter, ReportsAbsurdInputs) {
  TestModule module("func.func @main(%x: tensor<?x100000x100000xf32>) { return }");
  EXPECT_TRUE(failed(randomInputs(*findModel(*module.module), 1, 1)));
  EXPECT_EQ(module.diagnostics, "expected inputs of at most 2147483648 elements, got 'tensor<?x100000x100000xf32>'\n");
}

TEST(Interpreter, KnowsWhatItExecutes) {
  TestModule dialect("func.func @main(%x: tensor<?x1xf32>) -> tensor<?x1xf32> { return %x : tensor<?x1xf32> }");
  EXPECT_TRUE(isInterpretable(*findModel(*dialect.module)));
  TestModule lowered("func.func @main(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {\n"
                     "  %0 = builtin.unrealized_conversion_cast %x : tensor<?x1xf32> to tensor<?x1xf32>\n"
                     "  return %0 : tensor<?x1xf32>\n}");
  EXPECT_FALSE(isInterpretable(*findModel(*lowered.module)));
  EXPECT_TRUE(lowered.run(Tensor({1, 1})).empty());
  EXPECT_NE(lowered.diagnostics.find("cannot be interpreted"), std::string::npos) << lowered.diagnostics;
}
