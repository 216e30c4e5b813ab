// Schedules of stems: the register tile of their convolution, and how many rows a task pools.

#ifndef RESNET_CODEGEN_SCHEDULES_STEMSCHEDULE_H
#define RESNET_CODEGEN_SCHEDULES_STEMSCHEDULE_H

#include "codegen/KernelSpec.h"

namespace resnet::codegen {

/// The direct schedule of the stem's convolution; rowsPerTask are rows of the stem's output.
ConvSchedule chooseStemSchedule(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_STEMSCHEDULE_H
