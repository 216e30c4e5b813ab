// GFLOP/s and share of peak of single kernels on one thread, and their sum: ResNet-50's distinct layers at 224x224, or grouped,
// depthwise and dilated convolutions.
//   resnet-kernel-bench [--target=x86-64-v4|x86-64-v3|x86-64|opencl|cuda] [--batch=N] [--layers=resnet50|grouped|attention]
//   [--filter=SUBSTRING]
//                       [--schedule=TEXT] [--warm] [--seconds=S]
// Convolutions get the cost model's direct schedule unless --schedule gives all of them one, as databases write it. Filters come
// from memory unless --warm: their buffers are used in turn, as a network streams all of its weights in a run. A device's are
// always warm, and its time is from launch to end; shares are of this processor's peak (PoCL: POCL_MAX_PTHREAD_COUNT=1).

#include "benchmarks/kernels/Layers.h"
#include "codegen/tuning/Measure.h"
#include "test/unit/Codegen/DeviceRunner.h"
#include "test/unit/Codegen/KernelRunner.h"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::benchmarks;
using namespace resnet::test;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

//===-- Peak --------------------------------------------------------------===//

// 16 independent chains of multiply-adds: twice what latency and two units need.
__attribute__((target("avx512f"))) void fmaLoop512(int64_t n) {
  __m512 a[16], x = _mm512_set1_ps(1.0f);
  for (auto &v : a)
    v = _mm512_setzero_ps();
  for (int64_t i = 0; i < n; ++i)
    for (auto &v : a)
      v = _mm512_fmadd_ps(x, x, v);
  for (auto &v : a)
    asm volatile("" ::"v"(v));
}

__attribute__((target("avx2,fma"))) void fmaLoop256(int64_t n) {
  __m256 a[12], x = _mm256_set1_ps(1.0f);
  for (auto &v : a)
    v = _mm256_setzero_ps();
  for (int64_t i = 0; i < n; ++i)
    for (auto &v : a)
      v = _mm256_fmadd_ps(x, x, v);
  for (auto &v : a)
    asm volatile("" ::"x"(v));
}

void mulAddLoop128(int64_t n) {
  __m128 a[12], x = _mm_set1_ps(1.0f);
  for (auto &v : a)
    v = _mm_setzero_ps();
  for (int64_t i = 0; i < n; ++i)
    for (auto &v : a) {
      __m128 p = x;
      asm volatile("mulps %1, %0" : "+x"(p) : "x"(x));
      v = _mm_add_ps(v, p);
    }
  for (auto &v : a)
    asm volatile("" ::"x"(v));
}

/// Operations a second of one core, best of many.
double measurePeak(codegen::Target target) {
  const int64_t n = 200000;
  double best = 0;
  for (int i = 0; i < 60; ++i) {
    const double start = now();
    double flop = 0;
    switch (target) {
    case codegen::Target::X86_64_v4:
      fmaLoop512(n), flop = 2.0 * 16 * 16 * n;
      break;
    case codegen::Target::X86_64_v3:
      fmaLoop256(n), flop = 2.0 * 12 * 8 * n;
      break;
    default:
      mulAddLoop128(n), flop = 2.0 * 12 * 4 * n;
      break;
    }
    best = std::max(best, flop / (now() - start));
  }
  return best;
}

//===-- Measurement -------------------------------------------------------===//

struct Times {
  double best, median;
};

Times measure(const LoadedKernel &kernel, int batch, bool warm, double seconds) {
  std::vector<double> times;
  if (isDevice(kernel.spec().target)) {
    LaunchBuffers buffers(kernel.spec(), batch, /*warm=*/true);
    DeviceRunner &device = *DeviceRunner::of(kernel.spec().target);
    const double one = device.time(kernel, buffers.first(), batch, 3).back();
    times = device.time(kernel, buffers.first(), batch, std::max(5, static_cast<int>(seconds / one)));
    std::sort(times.begin(), times.end());
    return {times.front(), times[times.size() / 2]};
  }
  LaunchBuffers buffers(kernel.spec(), batch, warm);
  const double end = now() + seconds;
  for (int64_t i = 0; i < 5 || now() < end; ++i) {
    const std::vector<KernelOperand> &operands = buffers.next();
    const double start = now();
    kernel.run(operands, batch);
    times.push_back(now() - start);
  }
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2]};
}

bool option(const char *arg, const char *name, std::string &value) {
  const size_t n = std::strlen(name);
  if (std::strncmp(arg, name, n) != 0)
    return false;
  value = arg + n;
  return true;
}

} // namespace

int main(int argc, char **argv) {
  std::string target = "x86-64-v4", filter, batchText = "1", secondsText = "0.3", layers = "resnet50", scheduleText;
  bool warm = false;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--warm"))
      warm = true;
    else if (!option(argv[i], "--target=", target) && !option(argv[i], "--filter=", filter) &&
             !option(argv[i], "--layers=", layers) && !option(argv[i], "--schedule=", scheduleText) &&
             !option(argv[i], "--batch=", batchText) && !option(argv[i], "--seconds=", secondsText)) {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      return 2;
    }
  }
  const std::vector<Layer> chosen = layersNamed(layers);
  if (chosen.empty()) {
    std::fprintf(stderr, "--layers: expected resnet50, grouped or attention, got '%s'\n", layers.c_str());
    return 2;
  }
  std::optional<ConvSchedule> schedule = ConvSchedule();
  if (!scheduleText.empty() && !(schedule = parseConvSchedule(scheduleText))) {
    std::fprintf(stderr, "--schedule: expected a schedule, got '%s'\n", scheduleText.c_str());
    return 2;
  }
  codegen::Target t = codegen::Target::X86_64_v4;
  if (target == "x86-64-v3")
    t = codegen::Target::X86_64_v3;
  else if (target == "x86-64")
    t = codegen::Target::X86_64;
  else if (target == "opencl")
    t = codegen::Target::OpenCL;
  else if (target == "cuda")
    t = codegen::Target::Cuda;
  if (!machineRuns(t)) {
    std::fprintf(stderr, "this machine does not run %s\n", target.c_str());
    return 1;
  }
  const int batch = std::max(1, std::atoi(batchText.c_str()));
  const codegen::Target processor = !isDevice(t)                          ? t
                                    : cpuRuns(codegen::Target::X86_64_v4) ? codegen::Target::X86_64_v4
                                                                          : codegen::Target::X86_64_v3;
  const double peak = measurePeak(processor);
  std::printf("peak %.1f GFLOP/s on one core, %s, batch %d, %s filters\n", peak / 1e9, target.c_str(), batch,
              warm ? "warm" : "cold");
  std::printf("%-32s %5s %10s %10s %9s %6s %6s %9s\n", "layer", "count", "best ms", "median ms", "GFLOP/s", "best%", "med%",
              "compile s");
  double sumBest = 0, sumMedian = 0, sumFlop = 0;
  for (Layer l : chosen) {
    if (l.name.find(filter) == std::string::npos)
      continue;
    l.spec.target = t;
    if (l.spec.kind == KernelKind::Conv2d)
      l.spec.schedule = *schedule;
    const LoadedKernel kernel(l.spec);
    if (!kernel.error().empty()) {
      std::fprintf(stderr, "%s: %s\n", l.name.c_str(), kernel.error().c_str());
      return 1;
    }
    const Times time = measure(kernel, batch, warm, std::atof(secondsText.c_str()));
    const double flop = static_cast<double>(flopsPerImage(kernel.spec())) * batch;
    std::printf("%-32s %5d %10.4f %10.4f %9.1f %6.1f %6.1f %9.2f\n", l.name.c_str(), l.count, time.best * 1e3, time.median * 1e3,
                flop / time.best / 1e9, 100 * flop / time.best / peak, 100 * flop / time.median / peak, kernel.compileSeconds());
    std::fflush(stdout);
    sumBest += l.count * time.best, sumMedian += l.count * time.median, sumFlop += l.count * flop;
  }
  std::printf("%-32s %5s %10.4f %10.4f %9.1f %6.1f %6.1f\n", "sum", "", sumBest * 1e3, sumMedian * 1e3, sumFlop / sumBest / 1e9,
              100 * sumFlop / sumBest / peak, 100 * sumFlop / sumMedian / peak);
  return 0;
}
