// The schedules of a convolution that are worth a measurement.

#ifndef RESNET_CODEGEN_SCHEDULES_CANDIDATES_H
#define RESNET_CODEGEN_SCHEDULES_CANDIDATES_H

#include "codegen/KernelSpec.h"
#include <vector>

namespace resnet::codegen {

/// Distinct schedules that pass checkSchedule, in an order that depends on `spec` only. The first is the cost model's direct
/// choice, so a measurement cannot end below it.
std::vector<ConvSchedule> candidateSchedules(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_CANDIDATES_H
