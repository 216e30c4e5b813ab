// The reference convolution against its formula and against identities that any convolution obeys. Elements are small integers,
// so that every sum is exact.

#include "dialect/Interpreter/Reference.h"
#include "llvm/ADT/STLExtras.h"
#include <gtest/gtest.h>

using namespace resnet;
using reference::Window;

// Integers from -4 to 4.
static Tensor integers(llvm::ArrayRef<int64_t> shape, uint64_t seed) {
  Tensor tensor = randomInput(shape, seed);
  for (float &element : tensor.elements)
    element = static_cast<float>(static_cast<int>(element * 5));
  return tensor;
}

static float at(const Tensor &t, int64_t n, int64_t c, int64_t y, int64_t x) {
  const bool inside = y >= 0 && y < t.shape[2] && x >= 0 && x < t.shape[3];
  return inside ? t.elements[((n * t.shape[1] + c) * t.shape[2] + y) * t.shape[3] + x] : 0.f;
}

static llvm::SmallVector<int64_t> resultShape(const Tensor &input, const Tensor &filter, const Window &w) {
  const int64_t rows = w.padding.top + input.shape[2] + w.padding.bottom - (w.kernel[0] - 1) * w.dilations[0] - 1;
  const int64_t columns = w.padding.left + input.shape[3] + w.padding.right - (w.kernel[1] - 1) * w.dilations[1] - 1;
  return {input.shape[0], filter.shape[0], rows / w.strides[0] + 1, columns / w.strides[1] + 1};
}

static Tensor convolve(const Tensor &input, const Tensor &filter, const Window &w, int64_t groups = 1) {
  return reference::conv2d(input, filter, w, groups, {}, resultShape(input, filter, w));
}

// The sum of the operation's description, element by element.
static Tensor byFormula(const Tensor &input, const Tensor &filter, const Window &w, int64_t groups) {
  Tensor result(resultShape(input, filter, w));
  float *out = result.elements.data();
  for (int64_t n = 0; n < result.shape[0]; ++n)
    for (int64_t o = 0; o < result.shape[1]; ++o)
      for (int64_t y = 0; y < result.shape[2]; ++y)
        for (int64_t x = 0; x < result.shape[3]; ++x, ++out)
          for (int64_t i = 0; i < filter.shape[1]; ++i)
            for (int64_t ky = 0; ky < w.kernel[0]; ++ky)
              for (int64_t kx = 0; kx < w.kernel[1]; ++kx)
                *out += at(filter, o, i, ky, kx) * at(input, n, o / (result.shape[1] / groups) * filter.shape[1] + i,
                                                      y * w.strides[0] + ky * w.dilations[0] - w.padding.top,
                                                      x * w.strides[1] + kx * w.dilations[1] - w.padding.left);
  return result;
}

TEST(Convolution, OneByOneByHand) {
  // Two channels of one pixel, three outputs.
  const Tensor result = convolve(Tensor({1, 2, 1, 1}, {2, 3}), Tensor({3, 2, 1, 1}, {1, 0, 0, 1, 10, 100}), {});
  EXPECT_EQ(result.elements, (std::vector<float>{2, 3, 320}));
}

TEST(Convolution, ThreeByThreeByHand) {
  const Tensor ones({1, 1, 3, 3}, std::vector<float>(9, 1));
  const Tensor result = convolve(ones, ones, {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}});
  EXPECT_EQ(result.elements, (std::vector<float>{4, 6, 4, 6, 9, 6, 4, 6, 4}));
}

TEST(Convolution, FollowsTheFormula) {
  const struct {
    int64_t in, out, height, width, groups;
    Window window;
  } cases[] = {
      {3, 8, 15, 13, 1, {{7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3}}},
      {4, 6, 9, 9, 1, {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}},
      {4, 6, 8, 7, 2, {{3, 3}, {2, 1}, {1, 2}, {1, 2, 0, 3}}},
      {6, 6, 5, 5, 6, {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}},
      {2, 4, 6, 6, 2, {{1, 1}, {2, 2}, {1, 1}, {}}},
      {2, 2, 9, 4, 1, {{2, 3}, {3, 2}, {2, 1}, {0, 1, 2, 0}}},
      {1, 1, 4, 4, 1, {{4, 4}, {1000000, 1000000}, {1, 1}, {}}},
      {2, 2, 3, 8, 1, {{3, 1}, {5, 3}, {1, 1}, {0, 0, 0, 0}}},
  };
  for (const auto &[index, c] : llvm::enumerate(cases)) {
    const Tensor input = integers({2, c.in, c.height, c.width}, index);
    const Tensor filter = integers({c.out, c.in / c.groups, c.window.kernel[0], c.window.kernel[1]}, 100 + index);
    const Tensor expected = byFormula(input, filter, c.window, c.groups);
    const Tensor result = convolve(input, filter, c.window, c.groups);
    EXPECT_EQ(result.shape, expected.shape) << index;
    EXPECT_EQ(result.elements, expected.elements) << index;
  }
}

TEST(Convolution, PaddingIsExplicitZeros) {
  const Tensor input = integers({1, 2, 5, 6}, 1), filter = integers({3, 2, 3, 3}, 2);
  const Tensor padded = reference::copy(input, {0, -1, -2}, {1, 1, 1}, 0, {1, 2, 5 + 1 + 3, 6 + 2 + 0});
  EXPECT_EQ(convolve(input, filter, {{3, 3}, {1, 1}, {1, 1}, {1, 2, 3, 0}}).elements,
            convolve(padded, filter, {{3, 3}, {1, 1}, {1, 1}, {}}).elements);
}

TEST(Convolution, StrideIsSubsampling) {
  const Tensor input = integers({1, 2, 7, 8}, 1), filter = integers({3, 2, 3, 3}, 2);
  const Tensor dense = convolve(input, filter, {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}});
  const Tensor strided = convolve(input, filter, {{3, 3}, {2, 3}, {1, 1}, {1, 1, 1, 1}});
  EXPECT_EQ(strided.elements, reference::copy(dense, {0, 0, 0}, {1, 2, 3}, 0, strided.shape).elements);
}

TEST(Convolution, DilationIsAFilterWithZerosBetween) {
  const Tensor input = integers({1, 2, 9, 9}, 1), filter = integers({3, 2, 2, 3}, 2);
  Tensor spread({3, 2, 4, 5}); // dilation [3, 2]
  for (int64_t map = 0; map < 6; ++map)
    for (int64_t ky = 0; ky < 2; ++ky)
      for (int64_t kx = 0; kx < 3; ++kx)
        spread.elements[(map * 4 + 3 * ky) * 5 + 2 * kx] = filter.elements[(map * 2 + ky) * 3 + kx];
  EXPECT_EQ(convolve(input, filter, {{2, 3}, {1, 1}, {3, 2}, {1, 1, 1, 1}}).elements,
            convolve(input, spread, {{4, 5}, {1, 1}, {1, 1}, {1, 1, 1, 1}}).elements);
}

TEST(Convolution, GroupsAreABlockDiagonalFilter) {
  const Tensor input = integers({1, 6, 4, 4}, 1), filter = integers({4, 3, 3, 3}, 2);
  Tensor full({4, 6, 3, 3});
  for (int64_t o = 0; o < 4; ++o)
    for (int64_t i = 0; i < 3 * 9; ++i)
      full.elements[(o * 6 + o / 2 * 3) * 9 + i] = filter.elements[o * 3 * 9 + i];
  const Window window{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}};
  EXPECT_EQ(convolve(input, filter, window, 2).elements, convolve(input, full, window, 1).elements);
}

TEST(Convolution, EpilogueAddsAndActivatesSomeChannels) {
  const Tensor input({1, 1, 1, 2}, {1, 2}), filter({2, 1, 1, 1}, {1, 1}), bias({2}, {-3, -3}),
      addend({1, 2, 1, 2}, {0, 5, 0, -5});
  auto run = [&](Activation activation, std::optional<int64_t> activated) {
    return reference::conv2d(input, filter, {}, 1, {bias, addend, activation, activated}, {1, 2, 1, 2}).elements;
  };
  EXPECT_EQ(run(Activation::None, {}), (std::vector<float>{-2, 4, -2, -6}));
  EXPECT_EQ(run(Activation::Relu, {}), (std::vector<float>{0, 4, 0, 0}));
  EXPECT_EQ(run(Activation::Relu, 1), (std::vector<float>{0, 4, -2, -6}));
  EXPECT_EQ(run(Activation::Relu, 0), (std::vector<float>{-2, 4, -2, -6}));
  EXPECT_EQ(run(Activation::Relu6, {}), (std::vector<float>{0, 4, 0, 0}));
}

TEST(Convolution, SumsInDoublePrecision) {
  // In f32 the ones would be lost beside 2^24.
  Tensor input({1, 4, 1, 1}, {0x1p24f, 1, 1, -0x1p24f}), filter({1, 4, 1, 1}, {1, 1, 1, 1});
  EXPECT_EQ(convolve(input, filter, {}).elements[0], 2);
}
