// Kernels of the dialect become the specifications that their operations mean.

#include "codegen/SpecFromKernel.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace resnet;
using namespace resnet::codegen;

namespace {

struct SpecFromKernelTest : ::testing::Test {
  SpecFromKernelTest() { context.loadDialect<ResNetDialect>(); }

  mlir::FailureOr<KernelSpec> read(const std::string &kernel) {
    module = mlir::parseSourceString<mlir::ModuleOp>(kernel, &context);
    if (!module)
      return mlir::failure();
    return specFromKernel(*module->getOps<KernelOp>().begin(), Target::X86_64_v3, false);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(SpecFromKernelTest, Convolution) {
  auto spec = read(R"(
    !map = tensor<?x64x56x56xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
    !out = tensor<?x32x28x28xf32, #resnet.layout<block = 16>>
    !filter = tensor<32x64x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
    !bias = tensor<32xf32, #resnet.filter_layout<block = 16>>
    resnet.kernel @k(%x: !map, %w: !filter, %b: !bias, %s: !out) -> !out attributes {in_place = 3 : i64} {
      %0 = resnet.fused_conv2d %x, %w bias %b addend %s activation relu stride [2, 2] pad [1, 1, 1, 1]
          : (!map, !filter, !bias, !out) -> !out
      resnet.yield %0 : !out
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->kind, KernelKind::Conv2d);
  EXPECT_EQ(spec->input.halo.top, 1);
  EXPECT_EQ(spec->strides, (std::array<int64_t, 2>{2, 2}));
  EXPECT_EQ(spec->filter.inChannels, 64);
  EXPECT_EQ(spec->kernel, (std::array<int64_t, 2>{3, 3}));
  EXPECT_TRUE(spec->epilogue.bias && spec->epilogue.addend && spec->epilogue.addendInPlace);
  EXPECT_EQ(spec->epilogue.activation.kind, codegen::Activation::Relu);
}

TEST_F(SpecFromKernelTest, Stem) {
  auto spec = read(R"(
    !image = tensor<?x3x31x30xf32, #resnet.layout<block = 1, halo = [3, 3, 3, 3]>>
    !out = tensor<?x32x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
    !filter = tensor<32x3x7x7xf32, #resnet.filter_layout<block = 16>>
    !bias = tensor<32xf32, #resnet.filter_layout<block = 16>>
    resnet.kernel @k(%x: !image, %w: !filter, %b: !bias) -> !out {
      %0 = resnet.fused_stem %x, %w bias %b activation relu stride [2, 2] pad [3, 3, 3, 3] pool [3, 3] stride [2, 2] pad [1, 1, 1, 1]
          : (!image, !filter, !bias) -> !out
      resnet.yield %0 : !out
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->kind, KernelKind::Stem);
  EXPECT_EQ(spec->kernel, (std::array<int64_t, 2>{7, 7}));
  EXPECT_EQ(spec->strides, (std::array<int64_t, 2>{2, 2}));
  EXPECT_EQ(spec->convolved, (std::array<int64_t, 2>{16, 15}));
  EXPECT_EQ(spec->poolKernel, (std::array<int64_t, 2>{3, 3}));
  EXPECT_EQ(spec->poolPadding, (Halo{1, 1, 0, 1})); // the last of 16 rows ends a window
  EXPECT_TRUE(spec->epilogue.bias && !spec->epilogue.addend);
  EXPECT_EQ(spec->epilogue.activation.kind, codegen::Activation::Relu);
}

TEST_F(SpecFromKernelTest, TransposeOfAnInputIsACopyFromOneBlock) {
  auto spec = read(R"(
    !out = tensor<?x3x32x32xf32, #resnet.layout<block = 1, halo = [1, 1, 1, 1]>>
    resnet.kernel @k(%x: tensor<?x32x32x3xf32>) -> !out {
      %0 = resnet.transpose %x [0, 3, 1, 2] : tensor<?x32x32x3xf32> -> !out
      resnet.yield %0 : !out
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->kind, KernelKind::Copy);
  EXPECT_EQ(spec->input.channels, 3);
  EXPECT_EQ(spec->input.block, 3);
  EXPECT_EQ(spec->input.height, 32);
}

TEST_F(SpecFromKernelTest, OptionAIsACopyWithAnOffset) {
  auto spec = read(R"(
    !in = tensor<?x16x32x32xf32, #resnet.layout<block = 16>>
    !out = tensor<?x32x16x16xf32, #resnet.layout<block = 16>>
    resnet.kernel @k(%x: !in) -> !out {
      %0 = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : !in -> !out
      resnet.yield %0 : !out
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->copyOffset, (std::array<int64_t, 3>{-8, 0, 0}));
  EXPECT_EQ(spec->strides, (std::array<int64_t, 2>{2, 2}));
}

TEST_F(SpecFromKernelTest, OptionAInAnEpilogueIsAnIndexedAddend) {
  auto spec = read(R"(
    !in = tensor<?x16x32x32xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
    !map = tensor<?x32x16x16xf32, #resnet.layout<block = 16>>
    !filter = tensor<32x32x1x1xf32, #resnet.filter_layout<block = 16, input_block = 16>>
    resnet.kernel @k(%x: !map, %w: !filter, %s: !in) -> !map {
      %0 = resnet.fused_conv2d %x, %w addend %s subsample [2, 2] channel_padding [8, 8] : (!map, !filter, !in) -> !map
      resnet.yield %0 : !map
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_TRUE(spec->epilogue.addend && !spec->epilogue.addendInPlace);
  EXPECT_EQ(spec->addend.halo.top, 1);
  EXPECT_EQ(spec->addend.channels, 16);
  EXPECT_EQ(spec->epilogue.addendStrides, (std::array<int64_t, 2>{2, 2}));
  EXPECT_EQ(spec->epilogue.addendChannels, 8);
  EXPECT_EQ(spec->output.height, 16); // no row of one, for the addend's rows are not the output's
}

TEST_F(SpecFromKernelTest, GatesAndActivations) {
  auto spec = read(R"(
    !map = tensor<?x24x8x8xf32, #resnet.layout<block = 16>>
    resnet.kernel @k(%x: !map, %g: tensor<?x24x1x1xf32>, %s: !map) -> !map attributes {in_place = 0 : i64} {
      %0 = resnet.fused_elementwise %x gate %g addend %s activation relu6 : (!map, tensor<?x24x1x1xf32>, !map) -> !map
      resnet.yield %0 : !map
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_TRUE(spec->hasGate() && spec->gate.block == 1 && spec->gate.width == 1);
  EXPECT_TRUE(spec->epilogue.addend && !spec->epilogue.addendInPlace);
  EXPECT_EQ(spec->epilogue.activation.kind, codegen::Activation::Clip);
  EXPECT_EQ(spec->epilogue.activation.parameters, (std::array<float, 4>{0, 6, 0, 0}));
}

TEST_F(SpecFromKernelTest, AProductIsAGateOfTheWholeMap) {
  auto spec = read(R"(
    !map = tensor<?x24x8x8xf32, #resnet.layout<block = 16>>
    resnet.kernel @k(%x: !map, %y: !map) -> !map {
      %0 = resnet.mul %x, %y : (!map, !map) -> !map
      resnet.yield %0 : !map
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->kind, KernelKind::Elementwise);
  EXPECT_EQ(spec->gate, spec->output);
}

TEST_F(SpecFromKernelTest, FakeQuantization) {
  auto spec = read(R"(
    resnet.kernel @k(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
      %0 = resnet.fake_quantize %x scale 0.5 zero_point -3 range [-128, 127] : tensor<?x10xf32> -> tensor<?x10xf32>
      resnet.yield %0 : tensor<?x10xf32>
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->epilogue.activation.kind, codegen::Activation::FakeQuantize);
  EXPECT_EQ(spec->epilogue.activation.parameters, (std::array<float, 4>{0.5f, -3, -128, 127}));
}

TEST_F(SpecFromKernelTest, GroupNorm) {
  auto spec = read(R"(
    !map = tensor<?x24x8x8xf32, #resnet.layout<block = 16>>
    !vector = tensor<24xf32, #resnet.filter_layout<block = 16>>
    resnet.kernel @k(%x: !map, %s: !vector, %o: !vector) -> !map {
      %0 = resnet.group_norm %x, %s, %o groups 6 epsilon 0.125 : (!map, !vector, !vector) -> !map
      resnet.yield %0 : !map
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->kind, KernelKind::GroupNorm);
  EXPECT_EQ(spec->normGroups, 6);
  EXPECT_EQ(spec->epsilon, 0.125f);
  EXPECT_TRUE(spec->scaleShift);
}

TEST_F(SpecFromKernelTest, ReflectedPadIsACopyWithABorder) {
  auto spec = read(R"(
    resnet.kernel @k(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x11x12xf32> {
      %0 = resnet.pad %x low [0, 2, 1] high [0, 1, 3] mode reflect : tensor<?x3x8x8xf32> -> tensor<?x3x11x12xf32>
      resnet.yield %0 : tensor<?x3x11x12xf32>
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->copyOffset, (std::array<int64_t, 3>{0, -2, -1}));
  EXPECT_EQ(spec->border, Border::Reflect);
}

TEST_F(SpecFromKernelTest, ExpansionIsACopyThatStands) {
  auto spec = read(R"(
    resnet.kernel @k(%x: tensor<?x3x1x1xf32>) -> tensor<?x3x4x5xf32> {
      %0 = resnet.expand %x size [4, 5] : tensor<?x3x1x1xf32> -> tensor<?x3x4x5xf32>
      resnet.yield %0 : tensor<?x3x4x5xf32>
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->kind, KernelKind::Copy);
  EXPECT_EQ(spec->strides, (std::array<int64_t, 2>{0, 0}));
}

TEST_F(SpecFromKernelTest, Concatenation) {
  auto spec = read(R"(
    resnet.kernel @k(%x: tensor<?x3x4x5xf32>, %y: tensor<?x2x4x5xf32>, %z: tensor<?x1x4x5xf32>) -> tensor<?x6x4x5xf32> {
      %0 = resnet.concat %x, %y, %z : (tensor<?x3x4x5xf32>, tensor<?x2x4x5xf32>, tensor<?x1x4x5xf32>) -> tensor<?x6x4x5xf32>
      resnet.yield %0 : tensor<?x6x4x5xf32>
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_EQ(spec->kind, KernelKind::Concat);
  ASSERT_EQ(spec->moreInputs.size(), 2u);
  EXPECT_EQ(spec->moreInputs[1].channels, 1);
  EXPECT_EQ(arguments(*spec).size(), 4u);
}

TEST_F(SpecFromKernelTest, LogSoftmax) {
  auto spec = read(R"(
    resnet.kernel @k(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
      %0 = resnet.softmax %x log : tensor<?x10xf32> -> tensor<?x10xf32>
      resnet.yield %0 : tensor<?x10xf32>
    })");
  ASSERT_TRUE(mlir::succeeded(spec));
  EXPECT_TRUE(spec->logarithm);
}

TEST_F(SpecFromKernelTest, AnOperationWithoutKernelIsAnError) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    message = diagnostic.str();
    return mlir::success();
  });
  auto spec = read(R"(
    resnet.kernel @k(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
      %0 = resnet.relu %x : tensor<?x16x8x8xf32> -> tensor<?x16x8x8xf32>
      resnet.yield %0 : tensor<?x16x8x8xf32>
    })");
  EXPECT_TRUE(mlir::failed(spec));
  EXPECT_NE(message.find("expected an operation that has a kernel"), std::string::npos) << message;
}

} // namespace
