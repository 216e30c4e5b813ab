// One database for all targets of a compilation; a class only for the target that is this machine's, unless the user names one.

#include "codegen/KernelSchedules.h"
#include "codegen/schedules/CostModel.h"
#include "codegen/tuning/TuningRun.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace llvm;
using namespace resnet::codegen;

// Of measuring, a candidate: the fastest of a dozen are told apart to a few percent.
static constexpr double kSecondsPerCandidate = 0.05;

// Time an image of a kernel for several images, relative to that for any number, from which on it is taken: layers before the
// first such kernel run image by image, in cache, and it must be worth their end.
static constexpr double kWorthwhile = 0.85;

KernelSchedules::KernelSchedules(const CompileOptions &options)
    : options(options), database(ScheduleDatabase::shipped(options.targets)) {
  for (Target target : options.targets)
    classes[target] = options.tuneFor;
  Expected<Target> host = hostTarget();
  if (!host)
    consumeError(host.takeError());
  else if (options.tuneFor.empty() && classes.count(*host))
    classes[*host] = hostCpuClass();
}

std::string KernelSchedules::cachedFile(Target target, StringRef cpuClass) const {
  SmallString<128> path(options.cacheDirectory);
  sys::path::append(path, "schedules-" + scheduleFileName(target, cpuClass));
  return std::string(path);
}

Expected<KernelSchedules> KernelSchedules::create(const CompileOptions &options) {
  KernelSchedules schedules(options);
  for (const auto &[target, cpuClass] : schedules.classes) {
    if (options.cacheDirectory.empty() || cpuClass.empty())
      continue;
    if (Expected<ScheduleFile> file = readScheduleFile(schedules.cachedFile(target, cpuClass)))
      schedules.database.add(std::move(*file));
    else
      consumeError(file.takeError());
  }
  for (const std::string &path : options.scheduleFiles) {
    Expected<ScheduleFile> file = readScheduleFile(path);
    if (!file)
      return file.takeError();
    schedules.database.add(std::move(*file));
  }
  return schedules;
}

Error KernelSchedules::tune(ArrayRef<KernelSpec> convolutions, ArrayRef<int64_t> batches) {
  const std::string cpuClass = hostCpuClass();
  std::vector<KernelSpec> specs;
  for (int64_t batch : batches)
    for (KernelSpec spec : convolutions) {
      spec.batch = batch;
      specs.push_back(spec);
    }
  erase_if(specs, [&](const KernelSpec &spec) {
    return any_of(database.find(spec, cpuClass), [&](const ScheduleDatabase::Match &match) {
      return match.cpuClass == cpuClass && match.record->batch == spec.batch;
    });
  });
  if (specs.empty())
    return Error::success();
  if (std::error_code error = sys::fs::create_directories(options.cacheDirectory))
    return createStringError("cannot write '" + options.cacheDirectory + "': " + error.message());
  TuningRunOptions run;
  run.tune.secondsPerCandidate = kSecondsPerCandidate;
  run.cpuClass = cpuClass;
  run.path = cachedFile(specs.front().target, cpuClass);
  run.resume = true;
  run.seconds = options.tuneSeconds;
  run.display = options.progress ? TuningDisplay::Terminal : TuningDisplay::None;
  // A damaged file would end every tuning from now on.
  if (Expected<ScheduleFile> damaged = readScheduleFile(run.path); !damaged) {
    consumeError(damaged.takeError());
    sys::fs::remove(run.path);
  }
  Expected<TuningRunResult> result = tuneAll(specs, run);
  if (!result)
    return createStringError("--tune: " + toString(result.takeError()));
  if (result->measured == 0 && result->skipped == 0)
    return Error::success();
  Expected<ScheduleFile> file = readScheduleFile(run.path);
  if (!file)
    return file.takeError();
  database.add(std::move(*file));
  return Error::success();
}

// Of devices only direct kernels are scheduled.
bool KernelSchedules::allowsWinograd(const KernelSpec &spec) const { return options.winograd && !isDevice(spec.target); }

Selection KernelSchedules::select(KernelSpec &spec) const {
  if (spec.kind != KernelKind::Conv2d)
    return {};
  Selection selection = selectSchedule(spec, {&database, classes.at(spec.target), allowsWinograd(spec)});
  spec.schedule = selection.schedule;
  return selection;
}

void KernelSchedules::selectForBatch(KernelSpec &spec, int64_t batch) const {
  if (spec.kind != KernelKind::Conv2d)
    return;
  const ConvSchedule general = spec.schedule;
  SelectionOptions selection{&database, classes.at(spec.target), allowsWinograd(spec), &general};
  spec.batch = 0;
  const Selection alone = selectSchedule(spec, selection);
  spec.batch = batch;
  const Selection together = selectSchedule(spec, selection);
  ConvSchedule special = together.schedule;
  double ratio = together.milliseconds / alone.milliseconds;
  if (!alone.measured || !together.measured || special.images == 1) { // never measured for several
    special = chooseScheduleLike(spec, general);
    ratio = estimateCycles(spec, special) / estimateCycles(spec, general);
  }
  if (ratio <= kWorthwhile)
    spec.schedule = special;
}

std::string resnet::codegen::checkTune(const CompileOptions &options) {
  Expected<Target> host = hostTarget();
  if (!host)
    return "--tune: " + toString(host.takeError());
  for (Target target : options.targets)
    if (target != *host)
      return std::string("--tune: expected the target of this machine, ") + toString(*host) + ", alone, got " + toString(target);
  if (!options.tuneFor.empty() && options.tuneFor != hostCpuClass())
    return "--tune: expected --tune-for to be this machine's class, " + hostCpuClass() + ", got " + options.tuneFor;
  if (options.cacheDirectory.empty())
    return "--tune: expected a cache directory, which keeps the measurements, got none";
  return "";
}

bool resnet::codegen::isKnownClass(StringRef cpuClass) {
  if (X86::parseArchX86(cpuClass) != X86::CK_None)
    return true;
  const ScheduleDatabase shipped = ScheduleDatabase::shipped(kTargets);
  return any_of(shipped.files(), [&](const ScheduleFile &file) { return file.cpuClass == cpuClass; });
}
