// --benchmark: latency of repeated runs, warmed up, on seeded input. Percentiles by nearest rank.

#include "tools/resnet-run/Commands.h"
#include "tools/resnet-run/OutputFile.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

using namespace llvm;

namespace resnet {

/// Without --iterations: runs until this much time has passed, within limits.
static constexpr double kWarmUpMs = 300, kMeasureMs = 3000;
static constexpr int kMinRuns = 10, kMaxRuns = 10000, kMinWarmUps = 3;

static double percentile(const std::vector<double> &sorted, double percent) {
  size_t rank = size_t(std::ceil(percent / 100 * double(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

void writeNumber(json::OStream &json, StringRef key, double value) {
  std::string text;
  raw_string_ostream(text) << format("%.7g", std::isfinite(value) ? value : 0.0);
  json.attributeBegin(key);
  json.rawValue(text);
  json.attributeEnd();
}

Error benchmark(const Library &library, const RunOptions &options) {
  Expected<int64_t> batch = library.batch(options.batch);
  if (!batch)
    return batch.takeError();
  auto session = Session::create(library, options.threads, options.pin);
  if (!session)
    return session.takeError();
  (*session)->resize(*batch);
  (*session)->fillRandom(options.seed);

  std::vector<double> times; // ms
  double spent = 0;
  auto runOnce = [&]() -> Error {
    auto begin = std::chrono::steady_clock::now();
    Error error = (*session)->run();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    spent += times.back();
    return error;
  };
  while (int(times.size()) < kMinWarmUps || spent < kWarmUpMs)
    if (Error error = runOnce())
      return error;
  times.clear();
  spent = 0;
  auto wanted = [&] {
    int done = int(times.size());
    return options.iterations ? done < options.iterations : done < kMinRuns || (spent < kMeasureMs && done < kMaxRuns);
  };
  while (wanted())
    if (Error error = runOnce())
      return error;

  std::sort(times.begin(), times.end());
  double median = times.size() % 2 ? times[times.size() / 2] : (times[times.size() / 2 - 1] + times[times.size() / 2]) / 2;
  double mean = std::accumulate(times.begin(), times.end(), 0.0) / double(times.size());
  double flops = double(library.flopsPerImage()) * double(*batch);
  std::string text;
  raw_string_ostream out(text);
  if (options.json) {
    json::OStream json(out, 2);
    json.object([&] {
      json.attribute("model", library.info().name);
      json.attribute("target", library.info().target);
      json.attribute("device", library.device());
      json.attribute("batch", *batch);
      json.attribute("threads", (*session)->threads());
      json.attribute("iterations", int64_t(times.size()));
      writeNumber(json, "median_ms", median);
      writeNumber(json, "min_ms", times.front());
      writeNumber(json, "p90_ms", percentile(times, 90));
      writeNumber(json, "p99_ms", percentile(times, 99));
      writeNumber(json, "mean_ms", mean);
      writeNumber(json, "max_ms", times.back());
      writeNumber(json, "images_per_second", double(*batch) * 1e3 / median);
      writeNumber(json, "gflop", flops * 1e-9);
      writeNumber(json, "gflop_per_second", flops * 1e-6 / median);
    });
    out << '\n';
  } else {
    out << library.info().name << " on " << library.info().target << ", batch " << *batch << ", " << (*session)->threads()
        << " threads, " << times.size() << " runs\n"
        << format("  median  %9.3f ms  (%.1f images/s, %.1f GFLOP/s)\n", median, double(*batch) * 1e3 / median,
                  flops * 1e-6 / median)
        << format("  min     %9.3f ms\n  p90     %9.3f ms\n  p99     %9.3f ms\n", times.front(), percentile(times, 90),
                  percentile(times, 99));
  }
  return writeStdout(text);
}

} // namespace resnet
