// Few classes and few records a key: a lookup collects a key's records of all classes and sorts them by preference.

#include "codegen/schedules/ScheduleDatabase.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/TargetParser/Host.h"
#include <tuple>

using namespace llvm;
using namespace resnet::codegen;

namespace {
struct EmbeddedFile {
  const char *name, *text;
};
const EmbeddedFile kEmbedded[] = {
#include "EmbeddedSchedules.inc"
    {nullptr, nullptr}};
} // namespace

ScheduleDatabase ScheduleDatabase::shipped(ArrayRef<Target> targets) {
  ScheduleDatabase database;
  for (const EmbeddedFile *file = kEmbedded; file->name; ++file)
    // The name begins with the target's, but x86-64 begins x86-64-v4 too: a class never begins with a v and a digit.
    if (any_of(targets, [&](Target target) {
          StringRef rest = file->name;
          return rest.consume_front(toString(target)) && !rest.starts_with("-v3-") && !rest.starts_with("-v4-");
        }))
      database.add(cantFail(parseScheduleFile(file->text, file->name))); // a unit test reads them all
  return database;
}

void ScheduleDatabase::add(ScheduleFile file) {
  size_t at = 0;
  while (at < all.size() && (all[at].target != file.target || all[at].cpuClass != file.cpuClass))
    ++at;
  if (at == all.size())
    all.push_back({file.target, file.cpuClass, {}});
  for (ScheduleRecord &record : file.records) {
    const size_t before = all[at].records.size();
    const std::string key = record.key;
    all[at].set(std::move(record));
    if (all[at].records.size() > before)
      index.emplace(key, std::pair(at, before));
  }
}

static size_t commonPrefix(StringRef a, StringRef b) {
  return std::mismatch(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin()).first - a.begin();
}

std::vector<ScheduleDatabase::Match> ScheduleDatabase::find(const KernelSpec &spec, StringRef cpuClass) const {
  std::vector<Match> matches;
  auto [first, last] = index.equal_range(scheduleKey(spec));
  for (; first != last; ++first) {
    const auto [file, record] = first->second;
    if (all[file].target == spec.target)
      matches.push_back({&all[file].records[record], all[file].cpuClass});
  }
  const int64_t batch = spec.batch ? spec.batch : 1;
  const auto rank = [&](const Match &m) {
    const int64_t away = m.record->batch - batch;
    return std::tuple(m.cpuClass != cpuClass, -static_cast<int64_t>(commonPrefix(m.cpuClass, cpuClass)), m.cpuClass, away > 0,
                      std::abs(away));
  };
  llvm::sort(matches, [&](const Match &a, const Match &b) { return rank(a) < rank(b); });
  return matches;
}

std::vector<StringRef> ScheduleDatabase::classes(Target target) const {
  std::vector<StringRef> names;
  for (const ScheduleFile &file : all)
    if (file.target == target)
      names.push_back(file.cpuClass);
  llvm::sort(names);
  return names;
}

std::string resnet::codegen::hostCpuClass() { return sys::getHostCPUName().str(); }
