// Multiply-adds for each width of vectors. A share of peak elsewhere is a share of what these reach.

#include "benchmarks/peak/Arithmetic.h"
#include "benchmarks/peak/Rate.h"

#include <immintrin.h>

namespace resnet::peak {

namespace {

// Each kernel runs `rounds` rounds and returns the operations it did. As many chains as hide the latency of a multiply-add (4
// cycles, two units: 8) and fit the registers. The values stay near `add / (1 - scale)`, far from overflow and denormals.
constexpr float kScale = 0.999f, kAdd = 0.5f;

__attribute__((target("avx512f"))) double avx512(long rounds) {
  constexpr int chains = 24;
  __m512 sums[chains];
  for (int i = 0; i < chains; ++i)
    sums[i] = _mm512_set1_ps(float(i));
  const __m512 scale = _mm512_set1_ps(kScale), add = _mm512_set1_ps(kAdd);
  for (long r = 0; r < rounds; ++r)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = _mm512_fmadd_ps(sums[i], scale, add);
  for (int i = 0; i < chains; ++i)
    sink = _mm512_cvtss_f32(sums[i]);
  return double(rounds) * chains * 16 * 2;
}

__attribute__((target("avx2,fma"))) double avx2(long rounds) {
  constexpr int chains = 12;
  __m256 sums[chains];
  for (int i = 0; i < chains; ++i)
    sums[i] = _mm256_set1_ps(float(i));
  const __m256 scale = _mm256_set1_ps(kScale), add = _mm256_set1_ps(kAdd);
  for (long r = 0; r < rounds; ++r)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = _mm256_fmadd_ps(sums[i], scale, add);
  for (int i = 0; i < chains; ++i)
    sink = _mm256_cvtss_f32(sums[i]);
  return double(rounds) * chains * 8 * 2;
}

double sse2(long rounds) {
  constexpr int chains = 12;
  __m128 sums[chains];
  for (int i = 0; i < chains; ++i)
    sums[i] = _mm_set1_ps(float(i));
  const __m128 scale = _mm_set1_ps(kScale), add = _mm_set1_ps(kAdd);
  for (long r = 0; r < rounds; ++r)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = _mm_add_ps(_mm_mul_ps(sums[i], scale), add);
  for (int i = 0; i < chains; ++i)
    sink = _mm_cvtss_f32(sums[i]);
  return double(rounds) * chains * 4 * 2;
}

} // namespace

Arithmetic longestVectors() {
  if (__builtin_cpu_supports("avx512f"))
    return {"avx512", avx512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {"avx2", avx2};
  return {"sse2", sse2};
}

double flopPerSecond(const Arithmetic &arithmetic, int threads) {
  return bestRate(threads, [&](int, long rounds) { return arithmetic.kernel(rounds); });
}

} // namespace resnet::peak
