// Element-wise operations and normalisations of the reference against values by hand and independent formulas.

#include "dialect/Interpreter/Reference.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace resnet;

static float activate(Activation activation, float x) {
  return reference::elementwise(Tensor({1, 1}, {x}), {}, {}, {}, {}, activation).elements[0];
}

TEST(Elementwise, ScaleShiftSumActivation) {
  const Tensor input({1, 2, 1, 2}, {1, 2, 3, 4}), scale({2}, {2, -1}), shift({2}, {0, 1}), addend({1, 2, 1, 2}, {1, 1, 1, 10});
  auto run = [&](Activation activation) { return reference::elementwise(input, scale, shift, {}, addend, activation).elements; };
  EXPECT_EQ(run(Activation::None), (std::vector<float>{3, 5, -1, 7}));
  EXPECT_EQ(run(Activation::Relu), (std::vector<float>{3, 5, 0, 7}));
  EXPECT_EQ(run(Activation::Relu6), (std::vector<float>{3, 5, 0, 6}));
  EXPECT_EQ(reference::elementwise(input, {}, {}, {}, {}, Activation::Relu).elements, input.elements);
}

TEST(Elementwise, GateIsAfterTheScaleAndBeforeTheSum) {
  const Tensor input({2, 1, 1, 2}, {1, 2, 3, 4}), scale({1}, {2}), shift({1}, {1}), gate({2, 1, 1, 1}, {10, -1}),
      addend({2, 1, 1, 2}, {0, 1, 0, 1});
  EXPECT_EQ(reference::elementwise(input, scale, shift, gate, addend, Activation::None).elements,
            (std::vector<float>{30, 51, -7, -8}));
  EXPECT_EQ(reference::elementwise(input, {}, {}, gate, {}, Activation::Relu).elements, (std::vector<float>{10, 20, 0, 0}));
}

TEST(Activations, OfKnownValues) {
  EXPECT_EQ(activate(Activation::Relu6, 7), 6);
  EXPECT_EQ(activate(Activation::Sigmoid, 0), 0.5);
  EXPECT_FLOAT_EQ(activate(Activation::Sigmoid, std::log(3.0f)), 0.75);
  EXPECT_FLOAT_EQ(activate(Activation::Silu, std::log(3.0f)), 0.75 * std::log(3.0));
  EXPECT_EQ(activate(Activation::HardSigmoid, 0), 0.5);
  EXPECT_FLOAT_EQ(activate(Activation::HardSigmoid, 1.5), 0.75);
  EXPECT_FLOAT_EQ(activate(Activation::HardSwish, 1), 4. / 6);
  EXPECT_FLOAT_EQ(activate(Activation::HardSwish, -2), -2. / 6);
}

// sigmoid(x) = (1 + tanh(x/2)) / 2, hard_swish(x) = x * relu6(x + 3) / 6.
TEST(Activations, AgreeWithOtherFormulas) {
  for (float x = -9; x <= 9; x += 0.375f) {
    const double sigmoid = (1 + std::tanh(x / 2.)) / 2;
    EXPECT_NEAR(activate(Activation::Sigmoid, x), sigmoid, 1e-7) << x;
    EXPECT_NEAR(activate(Activation::Silu, x), x * sigmoid, 1e-6) << x;
    EXPECT_NEAR(activate(Activation::HardSwish, x), x * std::fmin(std::fmax(x + 3., 0), 6) / 6, 1e-6) << x;
    EXPECT_NEAR(activate(Activation::HardSigmoid, x), std::fmin(std::fmax(x + 3., 0), 6) / 6, 1e-7) << x;
  }
}

TEST(Activations, SaturateWithoutOverflow) {
  EXPECT_EQ(activate(Activation::Sigmoid, -1000), 0);
  EXPECT_EQ(activate(Activation::Sigmoid, 1000), 1);
  EXPECT_EQ(activate(Activation::Silu, -1000), 0);
  EXPECT_EQ(activate(Activation::Silu, 1000), 1000);
  EXPECT_EQ(activate(Activation::HardSwish, -1000), 0);
}

TEST(Activations, KeepNaN) {
  for (int kind = 0; kind <= static_cast<int>(Activation::HardSwish); ++kind)
    EXPECT_TRUE(std::isnan(activate(static_cast<Activation>(kind), NAN))) << kind;
}

TEST(HardSigmoid, SlopeAndOffset) {
  const Tensor input({1, 4}, {-4, -1, 1, 4});
  EXPECT_EQ(reference::hardSigmoid(input, 0.25, 0.5).elements, (std::vector<float>{0, 0.25, 0.75, 1}));
}

TEST(Clip, BothEndsAndNaN) {
  const Tensor result = reference::clip(Tensor({1, 4}, {-3, 0.5, 3, NAN}), -1, 2);
  EXPECT_EQ(result.elements[0], -1);
  EXPECT_EQ(result.elements[1], 0.5);
  EXPECT_EQ(result.elements[2], 2);
  EXPECT_TRUE(std::isnan(result.elements[3]));
}

TEST(Multiply, SameShapeAndGate) {
  const Tensor x({1, 2, 1, 2}, {1, 2, 3, 4});
  EXPECT_EQ(reference::multiply(x, x).elements, (std::vector<float>{1, 4, 9, 16}));
  EXPECT_EQ(reference::multiply(x, Tensor({1, 2, 1, 1}, {2, -1})).elements, (std::vector<float>{2, 4, -3, -4}));
}

TEST(FakeQuantize, RoundsTiesToEvenAndClampsTheInteger) {
  const Tensor input({1, 8}, {0.25, 0.75, 1.25, -0.25, -0.75, 100, -100, 0.6f});
  // Quotients 0.5, 1.5, 2.5, -0.5, -1.5; the integers end at -4 and 3, with zero point 1 at -5 and 2 above it.
  EXPECT_EQ(reference::fakeQuantize(input, 0.5, 1, -4, 3).elements, (std::vector<float>{0, 1, 1, 0, -1, 1, -2.5, 0.5}));
}

// What the dialect's folder relies on, for every step of a range and scales without an exact inverse.
TEST(FakeQuantize, IsIdempotent) {
  for (float scale : {0.1f, 0.0235294122f, 3.14159f, 1e-6f, 7e20f}) {
    std::vector<float> steps;
    for (int q = -128; q <= 127; ++q)
      steps.push_back(static_cast<float>(q) * scale);
    const Tensor once = reference::fakeQuantize(Tensor({1, 256}, steps), scale, 5, -128, 127);
    EXPECT_EQ(reference::fakeQuantize(once, scale, 5, -128, 127).elements, once.elements) << scale;
  }
}

// 0.35 / 0.1 is 3.5 in f32 and 3.4999998... in f64: the tie is f32's.
TEST(FakeQuantize, QuotientIsOfSinglePrecision) {
  EXPECT_EQ(0.35f / 0.1f, 3.5f);
  EXPECT_LT(double(0.35f) / 0.1f, 3.5);
  EXPECT_EQ(reference::fakeQuantize(Tensor({1, 1}, {0.35f}), 0.1f, 0, -8, 7).elements[0], 4 * 0.1f);
}

TEST(BatchNorm, ByHand) {
  const Tensor input({1, 2, 1, 2}, {1, 5, 0, -2}), scale({2}, {2, 1}), offset({2}, {1, 0}), mean({2}, {3, 0}),
      variance({2}, {3, 0});
  // sqrt(3 + 1) = 2; sqrt(0 + 1) = 1
  EXPECT_EQ(reference::batchNorm(input, scale, offset, mean, variance, 1).elements, (std::vector<float>{-1, 3, 0, -2}));
}

TEST(BatchNorm, OfFeatures) {
  const Tensor input({2, 2}, {1, 2, 3, 4}), one({2}, {1, 1}), zero({2}, {0, 0}), mean({2}, {1, 2});
  EXPECT_EQ(reference::batchNorm(input, one, zero, mean, one, 0).elements, (std::vector<float>{0, 0, 2, 2}));
}

TEST(GroupNorm, StatisticsOfEachGroupOfEachImage) {
  // Groups {1, 3, 5, 7} with mean 4 and variance 5, and {0, 0, 4, 4} with mean 2 and variance 4; epsilon makes them 9 and 8.
  const Tensor input({1, 4, 1, 2}, {1, 3, 5, 7, 0, 0, 4, 4}), scale({4}, {3, 6, 1, 1}), offset({4}, {0, 1, 0, 0});
  const Tensor result = reference::groupNorm(input, scale, offset, 2, 4);
  const float eighth = 2 / std::sqrt(8.0f);
  const float expected[] = {-3, -1, 3, 7, -eighth, -eighth, eighth, eighth};
  for (int i = 0; i < 8; ++i)
    EXPECT_FLOAT_EQ(result.elements[i], expected[i]) << i;
}

TEST(GroupNorm, OfEveryChannelIsInstanceNormalisation) {
  const Tensor input({2, 2, 1, 2}, {1, 3, 10, 30, 5, 5, -1, 1}), scale({2}, {1, 2}), offset({2}, {0, 1});
  EXPECT_EQ(reference::groupNorm(input, scale, offset, 2, 0x1p-60).elements, (std::vector<float>{-1, 1, -1, 3, 0, 0, -1, 3}));
}

// The squares' mean less the mean's square would be lost here in f32.
TEST(GroupNorm, SmallVarianceBesideALargeMean) {
  const Tensor input({1, 1, 1, 2}, {0x1p27f, 0x1p27f + 16}), one({1}, {1}), zero({1}, {0});
  EXPECT_EQ(reference::groupNorm(input, one, zero, 1, 0).elements, (std::vector<float>{-1, 1}));
}
