// The analytic model: picks a schedule for any shape from registers and caches, where no measurement is at hand.

#ifndef RESNET_CODEGEN_SCHEDULES_COSTMODEL_H
#define RESNET_CODEGEN_SCHEDULES_COSTMODEL_H

#include "codegen/KernelSpec.h"

namespace resnet::codegen {

/// The best direct schedule by the model, for any shape, never a failure.
ConvSchedule chooseDirectSchedule(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_COSTMODEL_H
