// All measurements that a compilation may use: those shipped inside the compiler and those of the user.

#ifndef RESNET_CODEGEN_SCHEDULES_SCHEDULEDATABASE_H
#define RESNET_CODEGEN_SCHEDULES_SCHEDULEDATABASE_H

#include "codegen/schedules/ScheduleFile.h"
#include <map>

namespace resnet::codegen {

class ScheduleDatabase {
public:
  /// With the measurements of the repository (codegen/schedules/data) for `targets`.
  static ScheduleDatabase shipped(llvm::ArrayRef<Target> targets);

  /// Records of a later file replace those of an earlier one for the same target, class, key and batch.
  void add(ScheduleFile file);

  struct Match {
    const ScheduleRecord *record;
    llvm::StringRef cpuClass;
  };
  /// Records of spec's key and target, best first: `cpuClass` itself, then the classes whose names begin most alike (znver5 takes
  /// znver4's before any other's), by name where that is equal or cpuClass is empty; in a class spec's batch (1 where it is
  /// open), then the next smaller ones, then the larger.
  std::vector<Match> find(const KernelSpec &spec, llvm::StringRef cpuClass) const;

  /// Classes that have records for the target, in the order of names.
  std::vector<llvm::StringRef> classes(Target target) const;
  const std::vector<ScheduleFile> &files() const { return all; }

private:
  std::vector<ScheduleFile> all; // one for each target and class
  // File and record by key.
  std::multimap<std::string, std::pair<size_t, size_t>, std::less<>> index;
};

/// The processor of this machine, as LLVM names it.
std::string hostCpuClass();

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_SCHEDULEDATABASE_H
