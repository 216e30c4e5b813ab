// The transforms behind Winograd convolutions: that they compute the correlation, their sizes, and how errors can grow.

#include "codegen/schedules/WinogradTransform.h"
#include <gtest/gtest.h>
#include <numeric>
#include <ostream>
#include <random>

using namespace resnet::codegen;

namespace {

struct Case {
  int outputs, stride, points, weights;
  double errorGrowth;

  WinogradTransform transform() const { return winogradTransform(outputs, 3, stride); }
};

void PrintTo(const Case &c, std::ostream *os) { *os << "F(" << c.outputs << ", 3), stride " << c.stride; }

class WinogradTransformTest : public testing::TestWithParam<Case> {};

} // namespace

static std::vector<double> multiply(const Matrix &matrix, const std::vector<double> &vector) {
  std::vector<double> result;
  for (const std::vector<double> &row : matrix) {
    EXPECT_EQ(row.size(), vector.size());
    result.push_back(std::inner_product(row.begin(), row.end(), vector.begin(), 0.0));
  }
  return result;
}

// out = A ((G w) * (B d)) in f64.
TEST_P(WinogradTransformTest, ComputesTheCorrelation) {
  const WinogradTransform t = GetParam().transform();
  std::mt19937 engine(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int repetition = 0; repetition < 20; ++repetition) {
    std::vector<double> weights(t.taps), inputs(t.window);
    for (std::vector<double> *v : {&weights, &inputs})
      for (double &x : *v)
        x = uniform(engine);
    const std::vector<double> transformed = multiply(t.filter, weights);
    std::vector<double> products = multiply(t.input, inputs);
    for (int j = 0; j < t.points(); ++j)
      products[j] *= transformed[t.weightOf[j]];
    const std::vector<double> outputs = multiply(t.output, products);
    for (int i = 0; i < t.outputs; ++i)
      EXPECT_NEAR(outputs[i], std::inner_product(weights.begin(), weights.end(), inputs.begin() + i * GetParam().stride, 0.0),
                  1e-12);
  }
}

TEST_P(WinogradTransformTest, HasItsSizes) {
  const Case &c = GetParam();
  const WinogradTransform t = c.transform();
  EXPECT_EQ(t.outputs, c.outputs);
  EXPECT_EQ(t.taps, 3);
  EXPECT_EQ(t.window, (c.outputs - 1) * c.stride + 3);
  EXPECT_EQ(t.step, c.outputs * c.stride);
  EXPECT_EQ(t.points(), c.points);
  EXPECT_EQ(t.weights(), c.weights);
  EXPECT_EQ(t.output.size(), static_cast<size_t>(c.outputs));
  EXPECT_EQ(t.weightOf.size(), t.input.size());
}

// Every point has a weight of its own, but those of the phase of stride 2 with the middle tap alone, which is not transformed.
TEST_P(WinogradTransformTest, SharesTheMiddleTap) {
  const WinogradTransform t = GetParam().transform();
  for (int j = 0; j < t.points(); ++j)
    EXPECT_EQ(t.weightOf[j], std::min(j, t.weights() - 1));
  if (GetParam().stride == 2) {
    EXPECT_EQ(t.filter.back(), (std::vector<double>{0, 1, 0}));
    EXPECT_EQ(t.points() - t.weights() + 1, t.outputs);
  }
}

// docs/Winograd.md has the squares.
TEST_P(WinogradTransformTest, GrowsErrorsAsDocumented) {
  EXPECT_NEAR(GetParam().transform().errorGrowth(), GetParam().errorGrowth, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Stride1, WinogradTransformTest,
                         testing::Values(Case{2, 1, 4, 4, 8.0 / 3}, Case{4, 1, 6, 6, 16}, Case{6, 1, 8, 8, 203.0 / 9}));
INSTANTIATE_TEST_SUITE_P(Stride2, WinogradTransformTest,
                         testing::Values(Case{2, 2, 5, 4, 5.0 / 3}, Case{4, 2, 9, 6, 7}, Case{6, 2, 13, 8, 2519.0 / 135}));
