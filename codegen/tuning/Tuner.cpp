// Compile all, check that all compute the same, then rounds.

#include "codegen/tuning/Tuner.h"
#include "codegen/schedules/Candidates.h"
#include "codegen/tuning/KernelHost.h"
#include "codegen/tuning/Measure.h"
#include "llvm/ADT/STLExtras.h"
#include <chrono>
#include <cmath>
#include <tuple>

using namespace llvm;
using namespace resnet::codegen;

namespace {

constexpr size_t kFinalists = 3;
constexpr int kLeastLaunches = 3; // of a round
constexpr int kMostAttempts = 5;
// Of the largest result: what a convolution may lose by any algorithm.
constexpr double kTolerance = 1e-3;

struct Candidate {
  std::unique_ptr<NativeKernel> kernel;
  std::vector<double> times;
  double time = 0; // typicalTime
};

std::string textOf(const Candidate &c) { return toString(c.kernel->spec().schedule); }

class Tuning {
public:
  Tuning(const KernelSpec &spec, const TuneOptions &options, function_ref<void(const TuneProgress &)> progress)
      : spec(spec), options(options), progress(progress), buffers(spec, static_cast<int>(spec.batch)) {}

  Expected<ScheduleRecord> run() {
    if (Error error = compile())
      return std::move(error);
    uint64_t scratch = 0;
    for (const Candidate &c : candidates)
      scratch = std::max(scratch, c.kernel->scratchBytes());
    auto created = KernelHost::create(options.threads, scratch);
    if (!created)
      return created.takeError();
    host = std::move(*created);
    if (Error error = compare())
      return std::move(error);
    if (Error error = measure())
      return std::move(error);
    return record();
  }

private:
  Error compile() {
    const std::vector<ConvSchedule> schedules = candidateSchedules(spec);
    for (const ConvSchedule &schedule : schedules) {
      KernelSpec scheduled = spec;
      scheduled.schedule = schedule;
      auto kernel = std::make_unique<NativeKernel>(scheduled, KernelHost::imports());
      if (!kernel->error().empty())
        return createStringError("'" + resnet::codegen::toString(schedule) + "': " + kernel->error());
      candidates.push_back({std::move(kernel), {}, 0});
      progress({candidates.size(), schedules.size(), 0, nullptr});
    }
    return Error::success();
  }

  Error compare() {
    std::vector<float> expected;
    for (const Candidate &c : candidates) {
      if (Expected<LaunchTime> time = host->run(*c.kernel, buffers.first(), static_cast<int>(spec.batch)); !time)
        return time.takeError();
      const float *result = buffers.output();
      if (expected.empty()) {
        expected.assign(result, result + buffers.outputElements());
        continue;
      }
      double largest = 0, difference = 0;
      for (size_t i = 0; i < expected.size(); ++i) {
        largest = std::max<double>(largest, std::fabs(expected[i]));
        difference = std::max<double>(difference, std::fabs(expected[i] - result[i]));
      }
      if (!(difference <= kTolerance * largest))
        return createStringError("'" + textOf(c) + "': expected the result of '" + textOf(candidates.front()) + "' within " +
                                 std::to_string(kTolerance * largest) + ", got a difference of " + std::to_string(difference));
    }
    return Error::success();
  }

  Error measure() {
    std::vector<Candidate *> alive;
    for (Candidate &c : candidates)
      alive.push_back(&c);
    size_t rounds = 1;
    for (size_t n = alive.size(); n > kFinalists; n = (n + 1) / 2)
      ++rounds;
    const double seconds = options.secondsPerCandidate * candidates.size() / rounds;
    for (size_t round = 0; round < rounds; ++round) {
      if (Error error = measureRound(alive, seconds))
        return error;
      for (Candidate *c : alive)
        c->time = typicalTime(c->times);
      llvm::sort(alive, [](const Candidate *a, const Candidate *b) { return std::tie(a->time, a) < std::tie(b->time, b); });
      const Measurement best{alive.front()->kernel->spec().schedule, alive.front()->time * 1e3};
      progress({candidates.size(), candidates.size(), alive.size(), &best});
      halve(alive);
    }
    return Error::success();
  }

  Error measureRound(ArrayRef<Candidate *> alive, double seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    for (int launch = 0; launch < kLeastLaunches || std::chrono::steady_clock::now() < end; ++launch)
      for (Candidate *c : alive)
        if (Error error = measureLaunch(*c))
          return error;
    return Error::success();
  }

  // A launch that was interrupted is repeated, a few times: on a busy machine a long one may never be left alone.
  Error measureLaunch(Candidate &c) {
    double least = std::numeric_limits<double>::infinity();
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      Expected<LaunchTime> time = host->run(*c.kernel, buffers.next(), static_cast<int>(spec.batch));
      if (!time)
        return time.takeError();
      least = time->disturbed ? std::min(least, time->seconds) : time->seconds;
      if (!time->disturbed)
        break;
    }
    c.times.push_back(least);
    return Error::success();
  }

  // --winograd=off takes the fastest direct schedule, so that one stays to the end.
  static void halve(std::vector<Candidate *> &alive) {
    const size_t keep = std::max(kFinalists, (alive.size() + 1) / 2);
    if (keep >= alive.size())
      return;
    const auto isDirect = [](const Candidate *c) { return c->kernel->spec().schedule.algorithm == ConvAlgorithm::Direct; };
    Candidate *direct = *llvm::find_if(alive, isDirect);
    alive.resize(keep);
    if (!is_contained(alive, direct))
      alive.push_back(direct);
  }

  ScheduleRecord record() const {
    ScheduleRecord record{scheduleKey(spec), spec.batch, {}};
    for (const Candidate &c : candidates)
      record.measured.push_back({c.kernel->spec().schedule, c.time * 1e3});
    record.sort();
    return record;
  }

  const KernelSpec &spec;
  const TuneOptions &options;
  function_ref<void(const TuneProgress &)> progress;
  LaunchBuffers buffers;
  std::vector<Candidate> candidates;
  std::unique_ptr<KernelHost> host;
};

} // namespace

Expected<ScheduleRecord> resnet::codegen::tune(const KernelSpec &spec, const TuneOptions &options,
                                               function_ref<void(const TuneProgress &)> progress) {
  return Tuning(spec, options, progress).run();
}
