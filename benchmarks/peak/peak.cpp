// How many f32 operations a second this machine can do: the longest vectors that the CPU and the system have, independent
// multiply-adds in registers, on one thread and on several at once. Prints one JSON object. A share of peak elsewhere is a share
// of this.
//   resnet-peak [--threads=N]    N: threads of the second measurement; default: the CPUs that this process may use

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>
#include <sched.h>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// Each kernel runs `rounds` rounds and returns the operations it did. As many chains as hide the latency of a multiply-add (4
// cycles, two units: 8) and fit the registers. The values stay near `add / (1 - scale)`, far from overflow and denormals.
constexpr float kScale = 0.999f, kAdd = 0.5f;
volatile float sink;

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

double seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

// GFLOP/s of `threads` threads that start together: the best of several windows, because others may use the machine too.
double measure(double (*kernel)(long), int threads) {
  constexpr int windows = 8;
  constexpr double windowSeconds = 0.05;
  long rounds = 1000;
  for (auto begin = Clock::now(); kernel(rounds), seconds(begin) < windowSeconds / 2; begin = Clock::now())
    rounds *= 2;

  double best = 0;
  for (int window = 0; window < windows; ++window) {
    std::atomic<int> waiting{threads};
    std::vector<double> rates(static_cast<size_t>(threads));
    std::vector<std::thread> others;
    auto work = [&](int index) {
      --waiting;
      while (waiting > 0) {
      }
      const auto begin = Clock::now();
      const double operations = kernel(rounds);
      rates[static_cast<size_t>(index)] = operations / seconds(begin) * 1e-9;
    };
    for (int i = 1; i < threads; ++i)
      others.emplace_back(work, i);
    work(0);
    for (std::thread &other : others)
      other.join();
    double sum = 0;
    for (double rate : rates)
      sum += rate;
    best = sum > best ? sum : best;
  }
  return best;
}

} // namespace

int main(int argc, char **argv) {
  cpu_set_t cpus;
  int threads = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--threads=", 10) == 0)
      threads = std::atoi(argv[i] + 10);
    if (std::strncmp(argv[i], "--threads=", 10) != 0 || threads < 1 || threads > 1024) {
      std::fprintf(stderr, "usage: resnet-peak [--threads=N]\n");
      return 2;
    }
  }
  const char *isa = "sse2";
  double (*kernel)(long) = sse2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    isa = "avx2", kernel = avx2;
  if (__builtin_cpu_supports("avx512f"))
    isa = "avx512", kernel = avx512;
  std::printf("{\"isa\": \"%s\", \"gflop_per_second\": %.1f, ", isa, measure(kernel, 1));
  std::printf("\"threads\": %d, \"gflop_per_second_all\": %.1f}\n", threads, measure(kernel, threads));
  return 0;
}
