// Random numbers: the same bits everywhere, and of the right distribution.

#include "dialect/Import/Random.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace resnet;

namespace {

// Against tables of the normal distribution.
TEST(RandomTest, InverseNormal) {
  EXPECT_DOUBLE_EQ(inverseNormal(0.5), 0);
  EXPECT_NEAR(inverseNormal(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(inverseNormal(0.25), -0.6744897501960817, 1e-15);
  EXPECT_NEAR(inverseNormal(1e-4), -3.719016485455709, 1e-13);
  EXPECT_NEAR(inverseNormal(1e-15), -7.941345326170998, 1e-13);
}

TEST(RandomTest, Exponential) {
  for (double x = -40; x < 40; x += 0.37)
    EXPECT_NEAR(exponential(x) / std::exp(x), 1, 1e-14) << x;
  EXPECT_EQ(exponential(0), 1);
  EXPECT_TRUE(std::isfinite(exponential(1e300)));
  EXPECT_GT(exponential(-1e300), 0);
}

TEST(RandomTest, TheSameBitsOnEveryMachine) {
  RandomStream stream(0, "conv1.weight");
  EXPECT_EQ(stream.bits(0), RandomStream(0, "conv1.weight").bits(0));
  EXPECT_NE(stream.bits(0), stream.bits(1));
  EXPECT_NE(stream.bits(0), RandomStream(1, "conv1.weight").bits(0));
  EXPECT_NE(stream.bits(0), RandomStream(0, "conv2.weight").bits(0));
  EXPECT_EQ(stream.bits(0), 0x5fa37040fb3c0430u);
  EXPECT_EQ(stream.normal(0), -0x1.4a1a6107e9d53p-2);
}

TEST(RandomTest, MomentsOfTheNormal) {
  RandomStream stream(7, "moments");
  constexpr int64_t n = 200000;
  double mean = 0, square = 0, fourth = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double x = stream.normal(i);
    mean += x / n;
    square += x * x / n;
    fourth += x * x * x * x / n;
  }
  EXPECT_NEAR(mean, 0, 0.01);
  EXPECT_NEAR(square, 1, 0.02);
  EXPECT_NEAR(fourth, 3, 0.1);
}

} // namespace
