// A loop over specifications around Tuner.h, its file and its progress line.

#include "codegen/tuning/TuningRun.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

using namespace llvm;
using namespace resnet::codegen;

namespace {

class Display {
public:
  Display(TuningDisplay kind, size_t total) : kind(kind), total(total) {}

  void begin(size_t index, const KernelSpec &spec) {
    title = ("[" + Twine(index + 1) + "/" + Twine(total) + "] " + shortName(spec)).str();
  }

  // The title, what is done with the candidates, the best so far.
  void update(const TuneProgress &p) {
    if (kind != TuningDisplay::Terminal)
      return;
    std::string line;
    raw_string_ostream os(line);
    os << title;
    if (!p.alive)
      os << "  compiling " << p.compiled << "/" << p.candidates;
    else
      os << "  measuring " << p.alive << " of " << p.candidates;
    if (p.best)
      os << "  best " << format("%.4g ms ", p.best->milliseconds) << toString(p.best->schedule);
    errs() << "\r\033[K" << StringRef(line).take_front(kColumns);
  }

  void end(const ScheduleRecord &record) {
    if (kind == TuningDisplay::None)
      return;
    const Measurement &best = record.measured.front();
    errs() << (kind == TuningDisplay::Terminal ? "\r\033[K" : "") << title << "  " << format("%.4g ms ", best.milliseconds)
           << toString(best.schedule) << '\n';
  }

private:
  // "conv2d_3x3_64x64_56x56, batch 8": the symbol without its hash.
  static std::string shortName(const KernelSpec &spec) {
    return (StringRef(symbolName(spec)).rsplit('_').first + ", batch " + Twine(spec.batch)).str();
  }

  static constexpr size_t kColumns = 119; // a longer line could not be drawn over
  TuningDisplay kind;
  size_t total;
  std::string title;
};

} // namespace

// The file as it is, or a new one.
static Expected<ScheduleFile> openFile(StringRef path, Target target, StringRef cpuClass) {
  if (!sys::fs::exists(path))
    return ScheduleFile{target, cpuClass.str(), {}};
  Expected<ScheduleFile> file = readScheduleFile(path);
  if (file && (file->target != target || file->cpuClass != cpuClass))
    return createStringError("'" + path + "': expected schedules for " + toString(target) + " on " + cpuClass + ", got " +
                             toString(file->target) + " on " + file->cpuClass);
  return file;
}

Expected<TuningRunResult> resnet::codegen::tuneAll(ArrayRef<KernelSpec> specs, const TuningRunOptions &options) {
  TuningRunResult result;
  if (specs.empty())
    return result;
  Expected<ScheduleFile> file = openFile(options.path, specs.front().target, options.cpuClass);
  if (!file)
    return file.takeError();
  Display display(options.display, specs.size());
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options.seconds);
  for (size_t i = 0; i < specs.size(); ++i) {
    if (options.resume && file->find(scheduleKey(specs[i]), specs[i].batch)) {
      ++result.skipped;
      continue;
    }
    if (std::chrono::steady_clock::now() >= end) {
      ++result.left;
      continue;
    }
    if (result.measured == 0) // a file that cannot be written is told before anything is measured
      if (Error error = writeScheduleFile(*file, options.path))
        return std::move(error);
    display.begin(i, specs[i]);
    Expected<ScheduleRecord> record =
        tune(specs[i], options.tune, [&](const TuneProgress &progress) { display.update(progress); });
    if (!record)
      return createStringError("kernel '" + scheduleKey(specs[i]) + "': " + toString(record.takeError()));
    display.end(*record);
    file->set(std::move(*record));
    if (Error error = writeScheduleFile(*file, options.path))
      return std::move(error);
    ++result.measured;
  }
  return result;
}
