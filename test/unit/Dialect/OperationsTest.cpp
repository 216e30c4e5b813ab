// Every other reference operation on cases worked out by hand. The averages and maxima with ceil_mode are what PyTorch gives.

#include "dialect/Interpreter/Reference.h"
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

using namespace resnet;
using reference::Window;

// 1, 2, 3, ...
static Tensor counting(llvm::ArrayRef<int64_t> shape) {
  Tensor tensor(shape);
  std::iota(tensor.elements.begin(), tensor.elements.end(), 1.f);
  return tensor;
}

static void expectNear(const Tensor &result, const std::vector<float> &expected) {
  ASSERT_EQ(result.elements.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(result.elements[i], expected[i], 1e-5) << i;
}

TEST(MaxPool, WindowHangsOverWithCeilMode) {
  const Tensor result = reference::maxPool2d(counting({1, 1, 4, 4}), {{3, 3}, {2, 2}, {1, 1}, {}}, {1, 1, 2, 2});
  EXPECT_EQ(result.elements, (std::vector<float>{11, 12, 15, 16}));
}

TEST(MaxPool, Dilated) {
  const Tensor result = reference::maxPool2d(counting({1, 1, 5, 5}), {{2, 2}, {1, 1}, {2, 2}, {1, 1, 1, 1}}, {1, 1, 5, 5});
  EXPECT_EQ(result.elements,
            (std::vector<float>{7, 8, 9, 10, 9, 12, 13, 14, 15, 14, 17, 18, 19, 20, 19, 22, 23, 24, 25, 24, 17, 18, 19, 20, 19}));
}

TEST(MaxPool, PaddingNeverWins) {
  const Tensor result = reference::maxPool2d(Tensor({1, 1, 1, 1}, {-5}), {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, {1, 1, 1, 1});
  EXPECT_EQ(result.elements[0], -5);
}

TEST(MaxPool, NaNWins) {
  const Tensor result = reference::maxPool2d(Tensor({1, 1, 1, 3}, {1, NAN, 2}), {{1, 3}}, {1, 1, 1, 1});
  EXPECT_TRUE(std::isnan(result.elements[0]));
}

TEST(AvgPool, CeilModeCountsPaddingButNotWhatHangsOver) {
  const Window window{{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}};
  expectNear(reference::avgPool2d(counting({1, 1, 4, 4}), window, true, {1, 1, 3, 3}),
             {14.f / 9, 10.f / 3, 2, 19.f / 3, 11, 6, 4.5, 7.5, 4});
  expectNear(reference::avgPool2d(counting({1, 1, 4, 4}), window, false, {1, 1, 3, 3}), {3.5, 5, 6, 9.5, 11, 12, 13.5, 15, 16});
}

TEST(AvgPool, CeilModeWithoutPadding) {
  expectNear(reference::avgPool2d(counting({1, 1, 4, 4}), {{3, 3}, {2, 2}, {1, 1}, {}}, true, {1, 1, 2, 2}), {6, 7.5, 12, 13.5});
}

TEST(GlobalAvgPool, MeanOfEachMap) {
  const Tensor result = reference::globalAvgPool(counting({2, 2, 1, 2}));
  EXPECT_EQ(result.elements, (std::vector<float>{1.5, 3.5, 5.5, 7.5}));
  EXPECT_EQ(result.shape, (llvm::SmallVector<int64_t>{2, 2, 1, 1}));
}

TEST(Linear, ByHand) {
  const Tensor weight({2, 3}, {1, 0, -1, 2, 2, 2}), bias({2}, {10, 0});
  EXPECT_EQ(reference::linear(counting({2, 3}), weight, bias).elements, (std::vector<float>{8, 12, 8, 30}));
  EXPECT_EQ(reference::linear(counting({2, 3}), weight, {}).elements, (std::vector<float>{-2, 12, -2, 30}));
}

TEST(Softmax, RowsSumToOneAndLargeInputsDoNotOverflow) {
  const Tensor result = reference::softmax(Tensor({2, 3}, {0, std::log(2.f), std::log(5.f), 1000, 1000, -1000}), false);
  expectNear(result, {0.125, 0.25, 0.625, 0.5, 0.5, 0});
}

TEST(Softmax, LogarithmKeepsWhatSoftmaxLoses) {
  const Tensor result = reference::softmax(Tensor({2, 2}, {0, std::log(3.f), 0, 1000}), true);
  expectNear(result, {std::log(0.25f), std::log(0.75f), -1000, 0});
}

TEST(Head, IsPoolLinearAndSoftmax) {
  const Tensor input({1, 2, 1, 2}, {1, 3, 5, 7}), weight({2, 2}, {1, 0, 0, 1}), bias({2}, {4, 0});
  EXPECT_EQ(reference::head(input, weight, bias, false, false).elements, (std::vector<float>{6, 6}));
  expectNear(reference::head(input, weight, bias, true, false), {0.5, 0.5});
  expectNear(reference::head(input, weight, bias, true, true), {std::log(0.5f), std::log(0.5f)});
}

TEST(Copy, PadsSubsamplesAndFills) {
  const Tensor input = counting({1, 2, 2, 2});
  EXPECT_EQ(reference::copy(input, {-1, 0, 0}, {1, 2, 2}, 9, {1, 4, 1, 1}).elements, (std::vector<float>{9, 1, 5, 9}));
  EXPECT_EQ(reference::copy(input, {1, 0, -1}, {1, 1, 1}, 0, {1, 1, 2, 4}).elements,
            (std::vector<float>{0, 5, 6, 0, 0, 7, 8, 0}));
}

TEST(Pad, ReflectionsDoNotRepeatTheBorder) {
  const Tensor input = counting({1, 1, 2, 3}); // 1 2 3 / 4 5 6
  const Tensor result = reference::pad(input, {0, 1, 2}, PadMode::Reflect, 0, {1, 1, 3, 6});
  EXPECT_EQ(result.elements, (std::vector<float>{6, 5, 4, 5, 6, 5, 3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5}));
}

TEST(Pad, EdgesAreRepeated) {
  const Tensor result = reference::pad(counting({2, 1, 1, 2}), {1, 0, 2}, PadMode::Edge, 0, {2, 2, 1, 5});
  EXPECT_EQ(result.elements, (std::vector<float>{1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 3, 3, 3, 4, 4}));
}

TEST(Pad, ConstantIsACopy) {
  EXPECT_EQ(reference::pad(counting({1, 1, 1, 2}), {0, 1, 0}, PadMode::Constant, 7, {1, 1, 2, 3}).elements,
            (std::vector<float>{7, 7, 7, 1, 2, 7}));
}

TEST(Expand, RepeatsEachChannel) {
  EXPECT_EQ(reference::expand(counting({1, 2, 1, 1}), {1, 2, 1, 3}).elements, (std::vector<float>{1, 1, 1, 2, 2, 2}));
}

TEST(Concat, ChannelsOfEachImage) {
  const Tensor a = counting({2, 1, 1, 2}), b({2, 2, 1, 2}, {11, 12, 13, 14, 15, 16, 17, 18});
  EXPECT_EQ(reference::concat({a, b}, {2, 3, 1, 2}).elements, (std::vector<float>{1, 2, 11, 12, 13, 14, 3, 4, 15, 16, 17, 18}));
}

TEST(GlobalMaxPool, LargestOfEachMap) {
  EXPECT_EQ(reference::globalMaxPool(Tensor({1, 2, 2, 1}, {1, 3, -2, -1})).elements, (std::vector<float>{3, -1}));
}

TEST(Transpose, ChannelsLastAndBack) {
  const Tensor input = counting({2, 3, 2, 5});
  const Tensor last = reference::transpose(input, {0, 2, 3, 1});
  EXPECT_EQ(last.shape, (llvm::SmallVector<int64_t>{2, 2, 5, 3}));
  EXPECT_EQ(last.elements[1], 11); // (0, 0, 0, c = 1)
  EXPECT_EQ(reference::transpose(last, {0, 3, 1, 2}).elements, input.elements);
}
