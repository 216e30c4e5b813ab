// Records first, in the database's order, each for its fastest entry that is allowed; then the model.

#include "codegen/schedules/Selection.h"
#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/ScheduleCheck.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace resnet::codegen;

static std::string describeMatch(const ScheduleDatabase::Match &match, const Measurement &chosen, const KernelSpec &spec,
                                 const SelectionOptions &options) {
  std::string text;
  raw_string_ostream os(text);
  os << "measured on " << match.cpuClass;
  if (!options.cpuClass.empty() && match.cpuClass != options.cpuClass)
    os << " (nothing for " << options.cpuClass << ")";
  if (match.record->batch != (spec.batch ? spec.batch : 1))
    os << " at batch " << match.record->batch;
  os << ": " << format("%.4g ms", chosen.milliseconds);
  const bool direct = chosen.schedule.algorithm == ConvAlgorithm::Direct;
  if (const Measurement *other = match.record->fastest(direct ? ConvAlgorithm::Winograd : ConvAlgorithm::Direct))
    os << (direct ? ", Winograd " : ", direct ") << format("%.4g ms", other->milliseconds);
  return text;
}

static std::string describeModel(const KernelSpec &spec, const ConvSchedule &chosen, bool winograd) {
  std::string text;
  raw_string_ostream os(text);
  const bool direct = chosen.algorithm == ConvAlgorithm::Direct;
  os << "cost model: " << (direct ? "direct" : "Winograd") << " " << format("%.3g", estimateCycles(spec, chosen) * 1e-6)
     << "M cycles";
  if (!direct)
    os << ", direct " << format("%.3g", estimateCycles(spec, chooseDirectSchedule(spec)) * 1e-6) << "M";
  else if (!winograd)
    os << ", Winograd is off";
  return text;
}

Selection resnet::codegen::selectSchedule(const KernelSpec &spec, const SelectionOptions &options) {
  Selection selection;
  KernelSpec scheduled = spec;
  if (options.database)
    for (const ScheduleDatabase::Match &match : options.database->find(spec, options.cpuClass)) {
      std::string ignored; // the first of the record
      for (const Measurement &candidate : match.record->measured) {
        if (!options.winograd && candidate.schedule.algorithm == ConvAlgorithm::Winograd)
          continue;
        if (options.sameBits && !computesSameBits(candidate.schedule, *options.sameBits))
          continue;
        scheduled.schedule = candidate.schedule;
        const std::string problem = checkSchedule(scheduled);
        if (problem.empty()) {
          if (!ignored.empty())
            selection.warnings.push_back(ignored);
          return {candidate.schedule, describeMatch(match, candidate, spec, options), std::move(selection.warnings), true,
                  candidate.milliseconds / static_cast<double>(std::max<int64_t>(1, match.record->batch))};
        }
        if (ignored.empty())
          ignored = "ignored '" + toString(candidate.schedule) + "', measured on " + match.cpuClass.str() + ": " + problem;
      }
      if (!ignored.empty())
        selection.warnings.push_back(ignored);
    }
  selection.schedule = options.sameBits ? chooseScheduleLike(spec, *options.sameBits) : chooseSchedule(spec, options.winograd);
  selection.reason = describeModel(spec, selection.schedule, options.winograd);
  return selection;
}
