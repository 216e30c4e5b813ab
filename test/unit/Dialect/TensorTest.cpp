// Seeded inputs and the comparison that every check rests on.

#include "dialect/Interpreter/Tensor.h"
#include <gtest/gtest.h>
#include <limits>

using namespace resnet;

TEST(RandomInput, IsTheSameEverywhere) {
  const Tensor tensor = randomInput({2, 2}, 1);
  ASSERT_EQ(tensor.elements.size(), 4u);
  EXPECT_EQ(randomInput({4}, 1).elements, tensor.elements);
  EXPECT_EQ(tensor.elements,
            (std::vector<float>{-0x1.0df2a80000000p-2f, 0x1.b5bf400000000p-5f, 0x1.e6ced80000000p-2f, 0x1.8a20e80000000p-2f}));
}

TEST(RandomInput, IsUniform) {
  const Tensor tensor = randomInput({100000}, 7);
  double mean = 0, square = 0;
  for (float element : tensor.elements) {
    ASSERT_GE(element, -1.f);
    ASSERT_LT(element, 1.f);
    mean += element / 1e5;
    square += element * element / 1e5;
  }
  EXPECT_NEAR(mean, 0, 0.01);
  EXPECT_NEAR(square, 1. / 3, 0.01);
  EXPECT_NE(randomInput({4}, 7).elements, randomInput({4}, 8).elements);
}

TEST(RelativeDifference, IsRelativeToTheLargestElement) {
  EXPECT_DOUBLE_EQ(relativeDifference(Tensor({2}, {4, 1}), Tensor({2}, {4, 2})), 0.25);
  EXPECT_EQ(relativeDifference(Tensor({2}, {0, 0}), Tensor({2}, {0, -0.f})), 0);
}

TEST(RelativeDifference, IsInfiniteForWhatCannotBeCompared) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(relativeDifference(Tensor({2}, {1, 1}), Tensor({1, 2}, {1, 1})), infinity);
  EXPECT_EQ(relativeDifference(Tensor({2}, {1, 1}), Tensor({2}, {1, nan})), infinity);
  EXPECT_EQ(relativeDifference(Tensor({1}, {infinity}), Tensor({1}, {1})), infinity);
  EXPECT_EQ(relativeDifference(Tensor({1}, {0}), Tensor({1}, {1})), infinity);
  EXPECT_EQ(relativeDifference(Tensor({1}, {nan}), Tensor({1}, {nan})), 0);
}
