// Every activation in every kernel that has an epilogue: values over the whole range, channels that are not activated, and zeros
// in padding lanes where an activation of zero is none.

#include "ConvolutionCases.h"
#include "KernelReference.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <ostream>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

struct ActivationCase {
  const char *name;
  Activation activation;
  std::array<float, 4> parameters{};

  ActivationFunction function() const { return {activation, parameters}; }
  void applyTo(KernelSpec &s) const { s.epilogue.activation = function(); }
};

void PrintTo(const ActivationCase &c, std::ostream *os) { *os << c.name; }

class KernelTestActivation : public testing::TestWithParam<ActivationCase> {};

KernelSpec elementwise(int64_t channels, int64_t height, int64_t width, int64_t block) {
  KernelSpec s;
  s.kind = KernelKind::Elementwise;
  s.input = s.output = {channels, height, width, block, {}};
  return s;
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

} // namespace

TEST_P(KernelTestActivation, Elementwise) {
  for (KernelSpec s : {elementwise(24, 7, 9, 16), elementwise(24, 7, 9, 1), elementwise(33, 1, 1, 1)}) {
    GetParam().applyTo(s);
    expectMatchesReferenceOnAllTargets(s);
  }
}

TEST_P(KernelTestActivation, HalosAndAPartOfTheChannels) {
  KernelSpec s = elementwise(40, 5, 7, 16);
  s.output.halo = {1, 1, 1, 1};
  s.epilogue.activatedChannels = 17;
  GetParam().applyTo(s);
  expectMatchesReferenceOnAllTargets(s);
}

// From a dense map to a blocked one, whose padding lanes nothing has made zero.
TEST_P(KernelTestActivation, BlocksDiffer) {
  KernelSpec s = elementwise(24, 7, 9, 1);
  s.output.block = 16;
  GetParam().applyTo(s);
  expectMatchesReferenceOnAllTargets(s);
}

// In sums, which are not exact, activations are continuous.
class KernelTestEpilogue : public KernelTestActivation {};

TEST_P(KernelTestEpilogue, Convolutions) {
  for (KernelSpec s : {convolution(16, 24, 7, 3), convolution(32, 40, 1, 1)}) {
    GetParam().applyTo(s);
    expectMatchesReferenceOnAllTargets(s);
  }
  KernelSpec winograd = convolution(16, 24, 14, 3);
  winograd.schedule = *parseConvSchedule("winograd4 tile=2x1");
  GetParam().applyTo(winograd);
  expectMatchesReference(winograd);
  KernelSpec dense = convolution(16, 24, 7, 3);
  dense.output.block = 1;
  GetParam().applyTo(dense);
  expectMatchesReference(dense);
}

// What the next block reads of a sum.
TEST_P(KernelTestEpilogue, BehindASum) {
  KernelSpec s = convolution(16, 24, 7, 3);
  s.epilogue.activation = Activation::None;
  s.epilogue.post = true;
  s.epilogue.postActivation = GetParam().function();
  expectMatchesReference(s);
}

TEST_P(KernelTestEpilogue, StemAndLinear) {
  KernelSpec stem;
  stem.kind = KernelKind::Stem;
  stem.input = {3, 20, 20, 1, {1, 1, 1, 1}};
  stem.filter = {24, 3, 3, 3, 1, kChannelBlock, 1};
  stem.padding = {1, 1, 1, 1};
  stem.convolved = {20, 20};
  stem.poolKernel = stem.poolStrides = {2, 2};
  stem.output = {24, 10, 10, kChannelBlock, {}};
  stem.epilogue.bias = true;
  GetParam().applyTo(stem);
  expectMatchesReferenceOnAllTargets(stem);
  KernelSpec linear;
  linear.kind = KernelKind::Linear;
  linear.input.channels = 17, linear.output.channels = 33;
  linear.filter = {33, 17, 1, 1, 1, kChannelBlock, 1};
  linear.epilogue.bias = true;
  GetParam().applyTo(linear);
  expectMatchesReference(linear);
}

INSTANTIATE_TEST_SUITE_P(Continuous, KernelTestEpilogue,
                         testing::Values(ActivationCase{"relu6", Activation::Clip, {0, 6}},
                                         ActivationCase{"sigmoid", Activation::Sigmoid}, ActivationCase{"silu", Activation::Silu},
                                         ActivationCase{"hard sigmoid", Activation::HardSigmoid, {1.f / 6, 0.5f}}));

INSTANTIATE_TEST_SUITE_P(All, KernelTestActivation,
                         testing::Values(ActivationCase{"relu", Activation::Relu},
                                         ActivationCase{"relu6", Activation::Clip, {0, 6}},
                                         ActivationCase{"clip", Activation::Clip, {-0.5f, 0.25f}},
                                         ActivationCase{"positive clip", Activation::Clip, {0.125f, 2}},
                                         ActivationCase{"clip from below", Activation::Clip, {-1, kInfinity}},
                                         ActivationCase{"clip from above", Activation::Clip, {-kInfinity, -0.25f}},
                                         ActivationCase{"sigmoid", Activation::Sigmoid}, ActivationCase{"silu", Activation::Silu},
                                         ActivationCase{"hard sigmoid", Activation::HardSigmoid, {1.f / 6, 0.5f}},
                                         ActivationCase{"Keras' hard sigmoid", Activation::HardSigmoid, {0.2f, 0.5f}},
                                         ActivationCase{"hard swish", Activation::HardSwish},
                                         ActivationCase{"int8", Activation::FakeQuantize, {0.03f, 0, -128, 127}},
                                         ActivationCase{"uint8", Activation::FakeQuantize, {0.25f, 3, 0, 255}},
                                         ActivationCase{"zero is not in the range", Activation::FakeQuantize, {0.5f, 0, 1, 3}}));

TEST(KernelTestActivation, DebugVariant) {
  KernelSpec s = elementwise(24, 7, 9, 16);
  s.debug = true;
  s.epilogue.activation = Activation::Silu;
  expectMatchesReferenceOnAllTargets(s);
}

// All of exp's range, past both ends: what cannot be represented is 0 or 1, never NaN.
TEST(KernelTestActivation, ExtremeArguments) {
  const float extremes[] = {-kInfinity,
                            -std::numeric_limits<float>::max(),
                            -1e30f,
                            -1000.f,
                            -88.8f,
                            -87.4f,
                            -50.f,
                            -0.f,
                            1e-30f,
                            50.f,
                            88.f,
                            88.8f,
                            1000.f,
                            1e30f,
                            std::numeric_limits<float>::max(),
                            kInfinity};
  for (Activation activation : {Activation::Sigmoid, Activation::Silu}) {
    KernelSpec s = elementwise(16, 1, 1, 16);
    s.epilogue.activation = activation;
    const LoadedKernel kernel(s);
    ASSERT_EQ(kernel.error(), "");
    std::vector<float> input(extremes, std::end(extremes)), output(16);
    ASSERT_EQ(kernel.run({{input.data(), 0}, {output.data(), 0}}, 1), 0);
    for (int i = 0; i < 16; ++i) {
      const double x = input[i], sigmoid = 1 / (1 + std::exp(-x));
      const double expected = activation == Activation::Sigmoid ? sigmoid : x == -kInfinity ? 0 : x * sigmoid;
      if (expected == kInfinity)
        EXPECT_GT(output[i], std::numeric_limits<float>::max()) << x;
      else
        EXPECT_NEAR(output[i], expected, std::abs(expected) * 1e-6 + 2e-36) << x;
    }
  }
}

// A quotient of exactly half a step goes to the even neighbour, on either side of zero.
TEST(KernelTestActivation, TiesRoundToEven) {
  KernelSpec s = elementwise(16, 1, 1, 16);
  s.epilogue.activation = {Activation::FakeQuantize, {2, 0, -128, 127}};
  const LoadedKernel kernel(s);
  ASSERT_EQ(kernel.error(), "");
  std::vector<float> input{-5, -3, -1, 1, 3, 5, 7, 253, 255, 1e9f, -1e9f, 0.99f, 1.01f, -2.99f, -3.01f, -0.f}, output(16);
  ASSERT_EQ(kernel.run({{input.data(), 0}, {output.data(), 0}}, 1), 0);
  EXPECT_EQ(output, (std::vector<float>{-4, -4, 0, 0, 4, 4, 8, 252, 254, 254, -256, 0, 2, -2, -4, 0}));
}
