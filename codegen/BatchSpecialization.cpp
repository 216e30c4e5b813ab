// Which kernels of a program differ for one number of images.

#include "codegen/BatchSpecialization.h"

using namespace llvm;
using namespace resnet::codegen;

void resnet::codegen::specializeBatch(KernelSpec &spec, int64_t batch, ScheduleSelector select) {
  KernelSpec special = spec;
  special.batch = batch;
  select(special);
  if (special.schedule.images > 1 && computesSameBits(special.schedule, spec.schedule))
    spec = special;
}

std::optional<BatchProgram> resnet::codegen::specializeProgram(const StringMap<KernelBinding> &general, int64_t batch,
                                                               ScheduleSelector select) {
  BatchProgram program;
  program.batch = batch;
  bool differs = false;
  for (const auto &entry : general) {
    KernelBinding kernel = entry.second;
    specializeBatch(kernel.spec, batch, select);
    kernel.symbol = symbolName(kernel.spec);
    differs |= kernel.symbol != entry.second.symbol;
    program.kernels[entry.first()] = kernel;
  }
  return differs ? std::optional(std::move(program)) : std::nullopt;
}
