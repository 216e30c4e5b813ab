// The analytic model of Winograd convolutions: multiplications with the waste of partial tiles, transforms, and memory.

#ifndef RESNET_CODEGEN_SCHEDULES_WINOGRADMODEL_H
#define RESNET_CODEGEN_SCHEDULES_WINOGRADMODEL_H

#include "codegen/KernelSpec.h"
#include <optional>

namespace resnet::codegen {

/// Cycles of one core for an image. `schedule` is a Winograd one that passes checkSchedule.
double winogradCycles(const KernelSpec &spec, const ConvSchedule &schedule);

/// The best schedule by the model; nothing where checkSchedule lets none pass.
std::optional<ConvSchedule> chooseWinogradSchedule(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_WINOGRADMODEL_H
