// Kernels for one number of images: a schedule that interleaves images makes better use of registers and of the filter's stream
// than one for any batch. A library has such programs beside the one for any batch; the runtime cuts batches into their sizes.

#ifndef RESNET_CODEGEN_BATCHSPECIALIZATION_H
#define RESNET_CODEGEN_BATCHSPECIALIZATION_H

#include "codegen/HostProgram.h"
#include <optional>

namespace resnet::codegen {

/// Chooses spec.schedule for spec.batch images (0: any number).
using ScheduleSelector = llvm::function_ref<void(KernelSpec &spec)>;

/// Makes `spec`, which is scheduled for any number of images, one for exactly `batch` where `select` finds a schedule that makes
/// use of it (ConvSchedule::images > 1); otherwise leaves it as it is, so that programs share the kernel. An image's result must
/// be the same bits in any batch, so a schedule of another algorithm or output tile than the one for any number is not taken.
void specializeBatch(KernelSpec &spec, int64_t batch, ScheduleSelector select);

/// The program for `batch` images; nothing where all its kernels would be those of `general`.
std::optional<BatchProgram> specializeProgram(const llvm::StringMap<KernelBinding> &general, int64_t batch,
                                              ScheduleSelector select);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_BATCHSPECIALIZATION_H
