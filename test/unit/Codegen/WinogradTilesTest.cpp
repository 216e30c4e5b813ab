// How axes are cut into tiles, and that the transforms of smaller tiles are parts of those of larger ones.

#include "codegen/schedules/WinogradTiles.h"
#include <gtest/gtest.h>
#include <numeric>

using namespace resnet::codegen;

static WinogradAxis cut(int outputs, int m, bool mixed, int stride = 1) {
  ConvSchedule s;
  s.algorithm = ConvAlgorithm::Winograd;
  s.outputTile = m;
  s.mixedTiles = mixed;
  return winogradAxis(outputs, s, stride);
}

static std::vector<int> sizes(const WinogradAxis &axis) {
  std::vector<int> all;
  for (const TileRun &run : axis.runs)
    all.insert(all.end(), run.count, run.t.outputs);
  return all;
}

TEST(WinogradTiles, EqualTilesPassTheEdge) {
  const WinogradAxis axis = cut(14, 4, false);
  EXPECT_EQ(sizes(axis), std::vector<int>(4, 4));
  EXPECT_EQ(axis.outputs(), 16);
  EXPECT_EQ(axis.products(), 4 * 6);
  EXPECT_EQ(axis.tilesAt, std::vector<int>(6, 4));
}

TEST(WinogradTiles, MixedTilesDifferByOne) {
  EXPECT_EQ(sizes(cut(14, 4, true)), (std::vector<int>{4, 4, 3, 3}));
  EXPECT_EQ(sizes(cut(13, 4, true)), (std::vector<int>{4, 3, 3, 3}));
  EXPECT_EQ(sizes(cut(7, 4, true)), (std::vector<int>{4, 3}));
  EXPECT_EQ(sizes(cut(6, 4, true)), (std::vector<int>{3, 3}));
  EXPECT_EQ(sizes(cut(5, 4, true)), (std::vector<int>{3, 2}));
  EXPECT_EQ(sizes(cut(14, 6, true)), (std::vector<int>{5, 5, 4}));
}

TEST(WinogradTiles, MixedTilesAreTheAxis) {
  for (int m : {4, 6})
    for (int size = 1; size < 60; ++size) {
      const WinogradAxis axis = cut(size, m, true);
      EXPECT_EQ(axis.outputs(), size);
      EXPECT_EQ(axis.tiles(), (size + m - 1) / m);
      EXPECT_EQ(axis.products(), size + 2 * axis.tiles()) << "F(m, 3) has m + 2 points";
    }
}

TEST(WinogradTiles, PointsHaveTheirFirstTiles) {
  // F(3, 3) lacks -2, which F(4, 3) has before infinity.
  EXPECT_EQ(cut(14, 4, true).tilesAt, (std::vector<int>{4, 4, 4, 4, 2, 4}));
  // Stride 2: 0, 1, -1 and 2, infinity, and four products of the middle tap; F(3, 2) lacks 2, and has three of these.
  EXPECT_EQ(cut(7, 4, true, 2).tilesAt, (std::vector<int>{2, 2, 2, 1, 2, 2, 2, 2, 1}));
}

// One transformed filter serves all tiles: what their own transform makes of it are rows of what the largest one's makes.
TEST(WinogradTiles, TransformsNest) {
  for (int stride : {1, 2})
    for (int m : {4, 6})
      for (int size = 1; size < 40; ++size) {
        const WinogradAxis axis = cut(size, m, true, stride);
        const WinogradTransform &largest = axis.largest();
        for (const TileRun &run : axis.runs) {
          ASSERT_EQ(run.points.size(), run.t.input.size());
          for (size_t j = 0; j < run.points.size(); ++j) {
            EXPECT_EQ(run.t.filter[run.t.weightOf[j]], largest.filter[largest.weightOf[run.points[j]]]);
            EXPECT_TRUE(j == 0 || run.points[j] > run.points[j - 1]) << "each point once";
            EXPECT_GE(axis.tilesAt[run.points[j]], run.first + run.count) << "a point's tiles are the first ones";
          }
        }
      }
}

// The correlation of a whole axis by its tiles and the filter of the largest, in f64.
TEST(WinogradTiles, ComputeTheCorrelation) {
  for (int stride : {1, 2})
    for (int size = 2; size < 20; ++size) {
      const WinogradAxis axis = cut(size, 4, true, stride);
      const std::vector<double> weights{0.5, -1.25, 2};
      std::vector<double> inputs((size - 1) * stride + 3);
      for (size_t i = 0; i < inputs.size(); ++i)
        inputs[i] = static_cast<double>(i * i % 17) - 8;
      const auto dot = [](const std::vector<double> &row, auto values) {
        return std::inner_product(row.begin(), row.end(), values, 0.0);
      };
      for (const TileRun &run : axis.runs)
        for (int tile = 0; tile < run.count; ++tile) {
          const auto window = inputs.begin() + run.start * stride + tile * run.t.step;
          std::vector<double> products;
          for (int j = 0; j < run.t.points(); ++j)
            products.push_back(dot(axis.largest().filter[axis.largest().weightOf[run.points[j]]], weights.begin()) *
                               dot(run.t.input[j], window));
          for (int i = 0; i < run.t.outputs; ++i)
            EXPECT_NEAR(dot(run.t.output[i], products.begin()), dot(weights, window + i * stride), 1e-11);
        }
    }
}

TEST(WinogradTiles, PartsOfAGroupOverAllPoints) {
  resnet::codegen::KernelSpec spec;
  spec.output = {16, 14, 14, 16, {}};
  ConvSchedule s = *parseConvSchedule("winograd4 tile=4x1 tile_rows=2");
  EXPECT_EQ(WinogradTiles(spec, s).parts(s), 36 * 2);
  s = *parseConvSchedule("winograd4 tile=8x1 tile_rows=4 mixed_tiles");
  // 25 pairs of points have 16 tiles, 10 have 8 and one has 4.
  EXPECT_EQ(WinogradTiles(spec, s).parts(s), 25 * 2 + 10 + 1);
}
