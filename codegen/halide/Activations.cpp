// Activations as expressions, for every kernel with an epilogue. Only additions, products and conversions, which vectorise on
// every target: calls of the C library's exp and round would not, and would be other functions in vectors and in their remainder.

#include "codegen/halide/Kernel.h"
#include <array>
#include <cmath>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

// exp(x) for |x| <= 87, where result and reciprocal are normal numbers. With x = k ln 2 + r and |r| <= ln(2)/2 it is 2^k times
// Taylor's polynomial of degree 7, whose remainder is below 5.3e-9 of the result; the rounding of seven steps dominates.
static Expr exponential(const Expr &x) {
  // ln 2 in two parts: products of the first with k are exact. Reassociation would add the parts.
  constexpr float kLog2 = 1.44269504f, kLn2High = 355.f / 512.f, kLn2Low = -2.12194440e-4f;
  const Expr k = cast<int>(x * kLog2 + select(x < 0.f, -0.5f, 0.5f)), kf = cast<float>(k);
  const Expr r = strict_float((x - kf * kLn2High) - kf * kLn2Low);
  Expr p = 1.f / 5040.f;
  for (float coefficient : {1.f / 720.f, 1.f / 120.f, 1.f / 24.f, 1.f / 6.f, 0.5f, 1.f, 1.f})
    p = p * r + coefficient;
  return p * reinterpret<float>((k + 127) << 23);
}

// Beyond 87 a sigmoid is 1 to all bits, or below 1.7e-38: no infinity or subnormal number is ever computed.
static Expr onePlusExpOfMinus(const Expr &x) { return 1.f + exponential(-clamp(x, -87.f, 87.f)); }

// The nearest integer between low and high, which are integers of at most 24 bits; ties to even.
static Expr roundBetween(const Expr &x, float low, float high) {
  const Expr inside = clamp(x, low, high);
  const Expr towardsZero = cast<int>(inside);
  const Expr rest = abs(inside - cast<float>(towardsZero));
  const Expr away = rest > 0.5f || (rest == 0.5f && (towardsZero & 1) != 0);
  return cast<float>(towardsZero + select(away, select(inside < 0.f, -1, 1), 0));
}

static Expr hardSigmoid(const Expr &x, float slope, float offset) { return clamp(x * slope + offset, 0.f, 1.f); }

static Expr apply(const ActivationFunction &f, const Expr &x) {
  const std::array<float, 4> &p = f.parameters;
  switch (f.kind) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return max(x, 0.f);
  case Activation::Clip: {
    Expr value = std::isfinite(p[1]) ? min(x, p[1]) : x;
    return std::isfinite(p[0]) ? max(value, p[0]) : value;
  }
  case Activation::Sigmoid:
    return 1.f / onePlusExpOfMinus(x);
  case Activation::Silu:
    // Far below zero x / inf would be 0; here the quotient must stay small.
    return max(x, -87.f) / onePlusExpOfMinus(x);
  case Activation::HardSigmoid:
    return hardSigmoid(x, p[0], p[1]);
  case Activation::HardSwish:
    return x * hardSigmoid(x, 1.f / 6.f, 0.5f);
  case Activation::FakeQuantize:
    // The quotient is rounded as f32, like the operation's: a product with the reciprocal would move ties.
    return roundBetween(strict_float(x / p[0]), p[2] - p[1], p[3] - p[1]) * p[0];
  }
  return x;
}

// Whether a zero stays zero; padding lanes that hold one must.
static bool keepsZero(const ActivationFunction &f) {
  const std::array<float, 4> &p = f.parameters;
  switch (f.kind) {
  case Activation::Clip:
    return p[0] <= 0 && p[1] >= 0;
  case Activation::Sigmoid:
    return false;
  case Activation::HardSigmoid:
    return p[1] <= 0;
  case Activation::FakeQuantize:
    return p[2] <= p[1] && p[1] <= p[3];
  default:
    return true;
  }
}

Expr codegen::activate(const ActivationFunction &f, int64_t activatedChannels, int64_t block, int64_t channels, Expr c, Expr k,
                       Expr value) {
  // Whole blocks: a condition that vector lanes share.
  const auto below = [&](int64_t count) -> Expr {
    const int b = static_cast<int>(block), end = static_cast<int>(count);
    return end % b == 0 ? k < end / b : k * b + c < end;
  };
  Expr result = apply(f, value);
  if (activatedChannels != -1 && f.kind != Activation::None)
    result = select(below(activatedChannels), result, value);
  // By a product: bounds inference would look through a select and compute whole blocks only in part.
  return channels % block == 0 || keepsZero(f) ? result : result * cast<float>(below(channels));
}
