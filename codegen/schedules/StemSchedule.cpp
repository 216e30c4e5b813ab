// Rows a task: many, because each border between two groups costs rows that are computed twice, but few enough for the tasks to
// balance.

#include "codegen/schedules/StemSchedule.h"
#include "codegen/schedules/CostModel.h"
#include <algorithm>

using namespace resnet;
using namespace resnet::codegen;

ConvSchedule codegen::chooseStemSchedule(const KernelSpec &spec) {
  KernelSpec conv = spec;
  conv.kind = KernelKind::Conv2d;
  conv.output = {spec.output.channels, spec.convolved[0], spec.convolved[1], spec.output.block, {}};
  const ConvSchedule direct = chooseDirectSchedule(conv);

  // ResNet's stem at 224x224 on one Zen 5 core: four groups cost 4% over one, eight 9%. Eight tasks balance on 2, 4 and 8
  // threads.
  constexpr int64_t kTasks = 8;
  constexpr double kMostRecomputed = 0.06, kLeastFlops = 2.5e5;
  const int64_t tiles = spec.filter.outBlocks() / direct.tileBlocks, images = std::max<int64_t>(1, spec.batch);
  // The ring of rows is filled by whole steps of the pool.
  const int64_t overlap = ceilDiv(std::max<int64_t>(0, spec.poolKernel[0] - spec.poolStrides[0]), spec.poolStrides[0]);
  int64_t groups = std::min(ceilDiv(kTasks, tiles * images), spec.output.height);
  while (groups > 1 && (double(groups - 1) * overlap > kMostRecomputed * spec.output.height ||
                        double(flopsPerImage(spec)) < kLeastFlops * tiles * groups))
    --groups;

  ConvSchedule schedule;
  schedule.algorithm = ConvAlgorithm::Direct;
  schedule.tileColumns = direct.tileColumns;
  schedule.tileBlocks = direct.tileBlocks;
  schedule.rowsPerTask = ceilDiv(spec.output.height, groups);
  return schedule;
}
