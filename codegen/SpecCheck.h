// What a kernel specification must fulfil before anything is compiled.

#ifndef RESNET_CODEGEN_SPECCHECK_H
#define RESNET_CODEGEN_SPECCHECK_H

#include "codegen/KernelSpec.h"

namespace resnet::codegen {

/// One line on the first thing that no kernel of this kind can mean; empty if there is none.
std::string checkSpec(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_SPECCHECK_H
