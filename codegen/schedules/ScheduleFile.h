// Files of measured schedules: what the tuner writes, the repository keeps and the compiler reads.

#ifndef RESNET_CODEGEN_SCHEDULES_SCHEDULEFILE_H
#define RESNET_CODEGEN_SCHEDULES_SCHEDULEFILE_H

#include "codegen/KernelSpec.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace resnet::codegen {

struct Measurement {
  ConvSchedule schedule;
  double milliseconds = 0;
};

/// What was measured for one specification.
struct ScheduleRecord {
  std::string key;                   // scheduleKey of the specification
  int64_t batch = 1;                 // images of a launch
  std::vector<Measurement> measured; // fastest first; never empty

  /// Fastest first; of equal ones by text.
  void sort();
  /// The fastest of an algorithm, null where none was measured.
  const Measurement *fastest(ConvAlgorithm algorithm) const;
};

/// The measurements for one target on one class of processors (LLVM's name, e.g. znver4).
struct ScheduleFile {
  Target target = Target::X86_64;
  std::string cpuClass;
  std::vector<ScheduleRecord> records;

  /// Adds a record in place of the one with its key and batch.
  void set(ScheduleRecord record);
  const ScheduleRecord *find(llvm::StringRef key, int64_t batch) const;
};

/// One JSON object, one record a line, in the order of keys and batches: equal contents give equal text.
std::string toText(const ScheduleFile &file);

/// The reverse. An error is one line that begins with `name` and says which record is wrong.
llvm::Expected<ScheduleFile> parseScheduleFile(llvm::StringRef text, llvm::StringRef name);

llvm::Expected<ScheduleFile> readScheduleFile(llvm::StringRef path);

/// Whole or not at all. Creates no directories.
llvm::Error writeScheduleFile(const ScheduleFile &file, llvm::StringRef path);

/// "x86-64-v4-znver4.json".
std::string scheduleFileName(Target target, llvm::StringRef cpuClass);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_SCHEDULEFILE_H
