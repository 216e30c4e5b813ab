// A memory plan as a table for people.

#ifndef RESNET_PASSES_MEMORYPLANPRINTER_H
#define RESNET_PASSES_MEMORYPLANPRINTER_H

#include "mlir/IR/BuiltinOps.h"

namespace resnet {

/// Prints a planned module's launches with the place, size and lifetime of what each writes, as lines that begin with "// ", so
/// that the module's assembly may follow them. Prints nothing for a module without a planned @main.
void printMemoryPlan(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace resnet

#endif // RESNET_PASSES_MEMORYPLANPRINTER_H
