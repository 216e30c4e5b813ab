// Toom-Cook: a polynomial product of degree points - 1 is known by its values at points - 1 numbers and its leading coefficient;
// its transposition is the correlation. All entries are exact in f64 for the points used.

#include "codegen/schedules/WinogradTransform.h"
#include <algorithm>
#include <cmath>

using namespace resnet::codegen;

static const double kPoints[] = {0, 1, -1, 2, -2, 0.5, -0.5};

// Coefficients of the product of (x - p) over the first `count` points, without `skip`; lowest degree first.
static std::vector<double> product(int count, int skip) {
  std::vector<double> polynomial{1};
  for (int i = 0; i < count; ++i) {
    if (i == skip)
      continue;
    polynomial.push_back(0);
    for (std::size_t d = polynomial.size() - 1; d > 0; --d)
      polynomial[d] = polynomial[d - 1] - kPoints[i] * polynomial[d];
    polynomial[0] *= -kPoints[i];
  }
  return polynomial;
}

static std::vector<double> powers(double x, int count) {
  std::vector<double> result;
  for (double power = 1; count-- > 0; power *= x)
    result.push_back(power);
  return result;
}

// Stride 1. One tap is the identity, with one weight for all points.
static WinogradTransform unitStride(int outputs, int taps) {
  const int points = outputs + taps - 1, finite = points - 1;
  WinogradTransform t{outputs, taps, points, outputs, {}, {}, Matrix(outputs), {}};
  if (taps == 1) {
    t.filter = {{1}};
    t.weightOf.assign(points, 0);
    for (int i = 0; i < points; ++i) {
      t.input.emplace_back(points, 0.0)[i] = 1;
      t.output[i].assign(points, 0.0);
      t.output[i][i] = 1;
    }
    return t;
  }
  for (int j = 0; j < points; ++j) {
    const bool infinity = j == finite;
    std::vector<double> row = product(finite, infinity ? -1 : j);
    row.resize(points);
    t.input.push_back(row);
    double scale = 1;
    for (int i = 0; i < finite && !infinity; ++i)
      if (i != j)
        scale *= kPoints[j] - kPoints[i];
    std::vector<double> weights = infinity ? std::vector<double>(taps, 0.0) : powers(kPoints[j], taps);
    if (infinity)
      weights[taps - 1] = 1;
    t.filter.push_back(weights);
    t.weightOf.push_back(j);
    const std::vector<double> values = infinity ? std::vector<double>(outputs, 0.0) : powers(kPoints[j], outputs);
    for (int i = 0; i < outputs; ++i)
      t.output[i].push_back(infinity ? i == outputs - 1 : values[i] / scale);
  }
  return t;
}

static double sumOfMagnitudes(const std::vector<double> &row) {
  double sum = 0;
  for (double x : row)
    sum += std::abs(x);
  return sum;
}

double WinogradTransform::errorGrowth() const {
  double largest = 0;
  for (const std::vector<double> &row : output) {
    double sum = 0;
    for (int j = 0; j < points(); ++j)
      sum += std::abs(row[j]) * sumOfMagnitudes(filter[weightOf[j]]) * sumOfMagnitudes(input[j]);
    largest = std::max(largest, sum);
  }
  return largest / taps;
}

WinogradTransform resnet::codegen::winogradTransform(int outputs, int taps, int stride) {
  if (stride == 1)
    return unitStride(outputs, taps);
  WinogradTransform t{outputs, taps, (outputs - 1) * stride + taps, outputs * stride, {}, {}, Matrix(outputs), {}};
  for (int phase = 0; phase < stride && phase < taps; ++phase) {
    const WinogradTransform part = unitStride(outputs, (taps - phase + stride - 1) / stride);
    for (int point : part.weightOf)
      t.weightOf.push_back(t.weights() + point);
    for (const std::vector<double> &row : part.input) {
      std::vector<double> &spread = t.input.emplace_back(t.window, 0.0);
      for (std::size_t i = 0; i < row.size(); ++i)
        spread[phase + i * stride] = row[i];
    }
    for (const std::vector<double> &row : part.filter) {
      std::vector<double> &spread = t.filter.emplace_back(taps, 0.0);
      for (std::size_t i = 0; i < row.size(); ++i)
        spread[phase + i * stride] = row[i];
    }
    for (int i = 0; i < outputs; ++i)
      t.output[i].insert(t.output[i].end(), part.output[i].begin(), part.output[i].end());
  }
  return t;
}
