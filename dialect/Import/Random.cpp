// Random numbers from additions, multiplications, divisions and square roots, which IEEE 754 rounds the same everywhere. The C
// library's logarithm is not used, as its last bit differs between systems, nor is contraction: see CMakeLists.txt.

#include "dialect/Import/Random.h"
#include <algorithm>
#include <cmath>
#include <iterator>

using namespace resnet;

static constexpr uint64_t kGamma = 0x9e3779b97f4a7c15; // SplitMix64's increment, 2^64 / the golden ratio

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

RandomStream::RandomStream(uint64_t seed, llvm::StringRef name) {
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  for (unsigned char c : name)
    hash = (hash ^ c) * 0x100000001b3;
  key = mix(mix(seed + kGamma) ^ hash);
}

uint64_t RandomStream::bits(uint64_t position) const { return mix(key + (position + 1) * kGamma); }

double RandomStream::uniform(uint64_t position) const { return (static_cast<double>(bits(position) >> 12) + 0.5) * 0x1p-52; }

double RandomStream::normal(uint64_t position) const { return inverseNormal(uniform(position)); }

// log(x) for 0 < x < 1: x = m * 2^e with m near 1, log(m) = 2 atanh((m - 1) / (m + 1)) by its series.
static double logarithm(double x) {
  int e;
  double m = std::frexp(x, &e);
  if (m < 0.70710678118654752) {
    m *= 2;
    --e;
  }
  const double s = (m - 1) / (m + 1), s2 = s * s;
  double sum = 0;
  for (int k = 21; k >= 1; k -= 2) // |s| < 0.172: the next term is below 2^-60.
    sum = sum * s2 + 1.0 / k;
  return e * 0.69314718055994530942 + 2 * s * sum;
}

template <size_t N, size_t M> static double ratio(const double (&numerator)[N], const double (&denominator)[M], double r) {
  double n = 0, d = 0;
  for (size_t i = N; i-- > 0;)
    n = n * r + numerator[i];
  for (size_t i = M; i-- > 0;)
    d = d * r + denominator[i];
  return n / d;
}

double resnet::inverseNormal(double p) {
  static constexpr double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                 1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                 3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr double b[] = {1.0,
                                 4.2313330701600911252e+1,
                                 6.8718700749205790830e+2,
                                 5.3941960214247511077e+3,
                                 2.1213794301586595867e+4,
                                 3.9307895800092710610e+4,
                                 2.8729085735721942674e+4,
                                 5.2264952788528545610e+3};
  static constexpr double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                 3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                 2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double d[] = {1.0,
                                 2.05319162663775882187e0,
                                 1.67638483018380384940e0,
                                 6.89767334985100004550e-1,
                                 1.48103976427480074590e-1,
                                 1.51986665636164571966e-2,
                                 5.47593808499534494600e-4,
                                 1.05075007164441684324e-9};
  static constexpr double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                 2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                 2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double f[] = {1.0,
                                 5.99832206555887937690e-1,
                                 1.36929880922735805310e-1,
                                 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4,
                                 1.84631831751005468180e-5,
                                 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425)
    return q * ratio(a, b, 0.180625 - q * q);
  const double r = std::sqrt(-logarithm(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5);
  return q < 0 ? -x : x;
}

// 2^k * exp(r) with |r| below 0.35: the first term of the series that is left out is below 2^-53.
double resnet::exponential(double x) {
  const double bounded = std::min(700.0, std::max(-700.0, x));
  const double k = std::floor(bounded * 1.4426950408889634 + 0.5);
  // ln 2 in two parts, of which the first has few enough bits for an exact product.
  const double r = (bounded - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
  double sum = 1;
  for (int n = 14; n >= 1; --n)
    sum = sum * r / n + 1;
  return std::ldexp(sum, static_cast<int>(k));
}
