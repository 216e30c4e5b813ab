// Measures the candidates of one convolution against each other.

#ifndef RESNET_CODEGEN_TUNING_TUNER_H
#define RESNET_CODEGEN_TUNING_TUNER_H

#include "codegen/schedules/ScheduleFile.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace resnet::codegen {

struct TuneOptions {
  double secondsPerCandidate = 0.1; // of measuring; the fastest get more of it than the slowest
  int threads = 1;
};

struct TuneProgress {
  size_t compiled, candidates, alive; // alive: of the current round, 0 while candidates are compiled
  const Measurement *best;            // so far; null before the first round
};

/// Times candidateSchedules(spec) in turn, so that noise hits all alike, by successive halving: after each round the slower half
/// is dropped, but never the fastest direct schedule. A time is the launches' lower quartile; every candidate
/// has at least three.
/// Fails where a candidate's result differs from the first one's. `spec` is canonical, its target one that this CPU runs, and its
/// batch is fixed.
llvm::Expected<ScheduleRecord> tune(const KernelSpec &spec, const TuneOptions &options,
                                    llvm::function_ref<void(const TuneProgress &)> progress);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_TUNING_TUNER_H
