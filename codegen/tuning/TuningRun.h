// Tunes many specifications into one file of schedules.

#ifndef RESNET_CODEGEN_TUNING_TUNINGRUN_H
#define RESNET_CODEGEN_TUNING_TUNINGRUN_H

#include "codegen/tuning/Tuner.h"
#include <limits>

namespace resnet::codegen {

enum class TuningDisplay { None, Lines, Terminal };

struct TuningRunOptions {
  TuneOptions tune;
  std::string cpuClass;
  std::string path;                                         // of the file: records that are there stay or are replaced
  bool resume = false;                                      // specifications that are in the file are not measured again
  double seconds = std::numeric_limits<double>::infinity(); // after these no further specification is begun
  TuningDisplay display = TuningDisplay::None;              // on standard error: a line a specification, or one drawn over
};

struct TuningRunResult {
  size_t measured = 0, skipped = 0, left = 0; // specifications: now, in the file before, for lack of time
};

/// `specs` are canonical convolutions of one target, with fixed batches. The file is written whole after each specification, so
/// that an interruption loses one at most. An error is one line.
llvm::Expected<TuningRunResult> tuneAll(llvm::ArrayRef<KernelSpec> specs, const TuningRunOptions &options);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_TUNING_TUNINGRUN_H
