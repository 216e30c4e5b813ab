// --profile: the time of each step by the source model's names, as a table, as JSON, or as a trace for chrome://tracing and
// Perfetto. A batch that is computed in chunks executes each step once a chunk: a step's time in a run is their sum.

#include "tools/resnet-run/Commands.h"
#include "tools/resnet-run/OutputFile.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <algorithm>

using namespace llvm;

namespace resnet {

static constexpr int kWarmUps = 3, kDefaultRuns = 20;
/// Runs that a trace shows, one after the other.
static constexpr int kTracedRuns = 3;

namespace {
struct StepTime {
  resnet_step_info info;
  double totalNs = 0;
  std::vector<uint64_t> ns; // of each run
};
} // namespace

/// Unlike the mean it does not show what else the machine did meanwhile.
static double medianNs(std::vector<uint64_t> ns) {
  std::sort(ns.begin(), ns.end());
  size_t middle = ns.size() / 2;
  return ns.size() % 2 ? double(ns[middle]) : double(ns[middle - 1] + ns[middle]) / 2;
}

static void writeTrace(json::OStream &json, const std::vector<StepTime> &steps, const std::vector<std::vector<uint64_t>> &runs,
                       int64_t batch) {
  json.object([&] {
    json.attribute("displayTimeUnit", "ms");
    json.attributeArray("traceEvents", [&] {
      double now = 0; // us; a run's steps follow one another
      for (const std::vector<uint64_t> &run : runs)
        for (size_t i = 0; i < steps.size(); ++i) {
          double duration = double(run[i]) * 1e-3;
          json.object([&] {
            json.attribute("name", steps[i].info.source);
            json.attribute("cat", "kernel");
            json.attribute("ph", "X");
            json.attribute("pid", 1);
            json.attribute("tid", 1);
            writeNumber(json, "ts", now);
            writeNumber(json, "dur", duration);
            json.attributeObject("args", [&] {
              json.attribute("kernel", steps[i].info.kernel);
              json.attribute("step", int64_t(i));
              writeNumber(json, "gflop_per_second",
                          duration > 0 ? double(steps[i].info.flops_per_image * batch) * 1e-3 / duration : 0);
            });
          });
          now += duration;
        }
    });
  });
}

static void writeTable(raw_ostream &out, const std::vector<StepTime> &steps, double total, int runs, int64_t batch) {
  out << format("%9s %7s %9s  %s\n", "ms", "share", "GFLOP/s", "step (kernel, algorithm)");
  for (const StepTime &step : steps) {
    double ms = step.totalNs * 1e-6 / runs;
    out << format("%9.4f %6.2f%% %9.1f  ", ms, total > 0 ? 100 * step.totalNs / total : 0,
                  ms > 0 ? double(step.info.flops_per_image * batch) * 1e-6 / ms : 0)
        << step.info.source << " (" << step.info.kernel;
    if (step.info.algorithm && *step.info.algorithm)
      out << ", " << step.info.algorithm;
    out << ")\n";
  }
  out << format("%9.4f %6.2f%%            all %zu steps, mean of %d runs\n", total * 1e-6 / runs, 100.0, steps.size(), runs);
}

static void writeJson(raw_ostream &out, const std::vector<StepTime> &steps, double total, int runs, const Session &session) {
  json::OStream json(out, 2);
  json.object([&] {
    json.attribute("model", session.library().info().name);
    json.attribute("target", session.library().info().target);
    json.attribute("device", session.library().device());
    json.attribute("batch", session.batch());
    json.attribute("threads", session.threads());
    json.attribute("iterations", runs);
    writeNumber(json, "total_ms", total * 1e-6 / runs);
    json.attributeArray("steps", [&] {
      for (const StepTime &step : steps)
        json.object([&] {
          double ms = step.totalNs * 1e-6 / runs;
          writeStepInfo(json, step.info);
          writeNumber(json, "ms", ms);
          writeNumber(json, "median_ms", medianNs(step.ns) * 1e-6);
          writeNumber(json, "share", total > 0 ? step.totalNs / total : 0);
          writeNumber(json, "gflop_per_second", ms > 0 ? double(step.info.flops_per_image * session.batch()) * 1e-6 / ms : 0);
        });
    });
  });
  out << '\n';
}

Error profile(const Library &library, const RunOptions &options) {
  Expected<int64_t> batch = library.batch(options.batch);
  if (!batch)
    return batch.takeError();
  auto created = Session::create(library, options.threads, options.pin);
  if (!created)
    return created.takeError();
  Session &session = **created;
  session.resize(*batch);
  session.fillRandom(options.seed);
  for (int i = 0; i < kWarmUps; ++i)
    if (Error error = session.run())
      return error;

  const resnet_api &api = library.api();
  std::vector<StepTime> steps;
  for (int32_t i = 0; i < library.info().num_steps; ++i)
    steps.push_back({library.step(i), 0, {}});
  std::vector<std::vector<uint64_t>> traced;
  api.profile_enable(session.context(), 1);
  int runs = options.iterations ? options.iterations : kDefaultRuns;
  for (int run = 0; run < runs; ++run) {
    api.profile_reset(session.context());
    if (Error error = session.run())
      return error;
    std::vector<uint64_t> times;
    for (size_t i = 0; i < steps.size(); ++i) {
      RESNET_INIT(resnet_step_profile, time);
      api.profile_step(session.context(), int32_t(i), &time);
      times.push_back(time.total_ns);
      steps[i].totalNs += double(time.total_ns);
      steps[i].ns.push_back(time.total_ns);
    }
    if (run >= runs - kTracedRuns)
      traced.push_back(std::move(times));
  }

  double total = 0;
  for (const StepTime &step : steps)
    total += step.totalNs;
  if (!options.trace.empty()) {
    std::string text;
    raw_string_ostream out(text);
    json::OStream json(out);
    writeTrace(json, steps, traced, *batch);
    json.flush();
    if (Error error = writeFile(options.trace, StringRef(text)))
      return error;
  }
  std::string text;
  raw_string_ostream out(text);
  if (options.json) {
    writeJson(out, steps, total, runs, session);
  } else {
    out << library.info().name << " on " << library.info().target << ", batch " << *batch << ", " << session.threads()
        << " threads\n";
    writeTable(out, steps, total, runs, *batch);
  }
  return writeStdout(text);
}

} // namespace resnet
