// Rows a task: many, because each border between two groups costs rows that are computed twice, but few enough for the tasks to
// balance.

#include "codegen/schedules/StemSchedule.h"
#include "codegen/schedules/CostModel.h"
#include <algorithm>

using namespace resnet;
using namespace resnet::codegen;

ConvSchedule codegen::chooseStemSchedule(const KernelSpec &spec) {
  // Tiles of one block of channels: more tasks share the blocks then, and fewer have to share the rows. ResNet's stem at 224x224
  // in eight tasks takes 2.09 ms of two groups of rows and 28x1 tiles, 2.11 ms of four groups and 14x2 tiles; in two tasks
  // without rows computed twice 2.05 ms (AVX-512, one Zen 5 core that peaks at 118 GFLOP/s, resnet-kernel-bench).
  KernelSpec conv = spec;
  conv.kind = KernelKind::Conv2d;
  conv.filter.outChannels = std::min(spec.filter.outChannels, spec.filter.block);
  conv.output = {conv.filter.outChannels, spec.convolved[0], spec.convolved[1], spec.output.block, {}};
  const ConvSchedule direct = chooseDirectSchedule(conv);

  // Eight tasks balance on 2, 4 and 8 threads.
  constexpr int64_t kTasks = 8;
  constexpr double kMostRecomputed = 0.06, kLeastFlops = 2.5e5;
  const int64_t blocks = spec.filter.outBlocks(), images = std::max<int64_t>(1, spec.batch);
  const int64_t overlap = std::max<int64_t>(0, spec.poolKernel[0] - spec.poolStrides[0]); // rows that both neighbours compute
  const double rows = static_cast<double>(spec.convolved[0]), flops = static_cast<double>(flopsPerImage(spec));
  const auto pays = [&](int64_t groups) {
    return static_cast<double>((groups - 1) * overlap) <= kMostRecomputed * rows &&
           flops >= kLeastFlops * static_cast<double>(blocks * groups);
  };
  int64_t groups = std::min(ceilDiv(kTasks, blocks * images), spec.output.height);
  while (groups > 1 && !pays(groups))
    --groups;

  ConvSchedule schedule;
  schedule.algorithm = ConvAlgorithm::Direct;
  schedule.tileColumns = direct.tileColumns;
  schedule.rowsPerTask = ceilDiv(spec.output.height, groups);
  return schedule;
}
