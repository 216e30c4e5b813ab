// Which schedule a convolution gets, and why.

#ifndef RESNET_CODEGEN_SCHEDULES_SELECTION_H
#define RESNET_CODEGEN_SCHEDULES_SELECTION_H

#include "codegen/schedules/ScheduleDatabase.h"

namespace resnet::codegen {

struct SelectionOptions {
  const ScheduleDatabase *database = nullptr; // null: none
  std::string cpuClass;                       // to choose for; empty: any
  bool winograd = true;                       // allowed
  const ConvSchedule *sameBits = nullptr;     // not null: only schedules that compute the same bits as this one
};

struct Selection {
  ConvSchedule schedule;
  std::string reason;                // "measured on znver4: 0.61 ms, direct 1.97 ms", "cost model: ..."
  std::vector<std::string> warnings; // records that were not usable, and why
  bool measured = false;
  double milliseconds = 0; // an image, where it was measured
};

/// The fastest measured schedule that a kernel of `spec` can have, from the record that find prefers; without one, the cost
/// model's. The same for every number of threads. `spec` is a canonical convolution; its schedule is ignored.
Selection selectSchedule(const KernelSpec &spec, const SelectionOptions &options);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_SELECTION_H
