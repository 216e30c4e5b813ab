// The schedules of one compilation's convolutions: its databases, its processor's class, and tuning of what is in none.

#ifndef RESNET_CODEGEN_KERNELSCHEDULES_H
#define RESNET_CODEGEN_KERNELSCHEDULES_H

#include "codegen/Compiler.h"
#include "codegen/schedules/Selection.h"

namespace resnet::codegen {

class KernelSchedules {
public:
  /// Reads the shipped schedules, then those that --tune has left in the cache, then the user's files: later ones win. A file of
  /// the user's that cannot be read is an error; one in the cache is as good as absent.
  static llvm::Expected<KernelSchedules> create(const CompileOptions &options);

  /// Measures for each of `batches`, all within one budget of time, those of `convolutions` (canonical convolutions of this
  /// machine's target, any batch) that have no record for its class, and keeps the records in the cache.
  llvm::Error tune(llvm::ArrayRef<KernelSpec> convolutions, llvm::ArrayRef<int64_t> batches);

  /// Gives a convolution its schedule for launches of any number of images.
  Selection select(KernelSpec &spec) const;

  /// Gives a convolution that is scheduled for any number of images the schedule for launches of `batch`, which computes the same
  /// bits.
  void selectForBatch(KernelSpec &spec, int64_t batch) const;

private:
  explicit KernelSchedules(const CompileOptions &options);
  std::string cachedFile(Target target, llvm::StringRef cpuClass) const;
  bool allowsWinograd(const KernelSpec &spec) const;

  const CompileOptions &options;
  ScheduleDatabase database;
  std::map<Target, std::string> classes; // to choose for; empty: any
};

/// What is wrong with --tune beside the other options; empty where nothing is.
std::string checkTune(const CompileOptions &options);

/// Whether LLVM or the shipped schedules know a class of this name.
bool isKnownClass(llvm::StringRef cpuClass);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_KERNELSCHEDULES_H
