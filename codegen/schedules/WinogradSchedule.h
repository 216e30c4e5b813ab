// Which Winograd schedules a convolution can have: their rules, and those worth measuring.

#ifndef RESNET_CODEGEN_SCHEDULES_WINOGRADSCHEDULE_H
#define RESNET_CODEGEN_SCHEDULES_WINOGRADSCHEDULE_H

#include "codegen/KernelSpec.h"
#include <string>
#include <vector>

namespace resnet::codegen {

/// 3x3 filters, stride 1 or 2, no dilation, no groups, activations in whole blocks on both sides.
bool supportsWinograd(const KernelSpec &spec);

/// One line on what makes the specification's Winograd schedule impossible; empty where it can be compiled.
std::string checkWinograd(const KernelSpec &spec);

/// Schedules that may be the best on some machine, for F(2 x 2), F(4 x 4) and mixed tiles of at most 4 x 4; nothing where
/// Winograd does not apply. F(6 x 6) is never among them: over maps of 56 and 28 it multiplies 9% less than F(4 x 4), over 14 and
/// 7 no less, and it rounds worse (docs/Winograd.md).
std::vector<ConvSchedule> winogradCandidates(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SCHEDULES_WINOGRADSCHEDULE_H
