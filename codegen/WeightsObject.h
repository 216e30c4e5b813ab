// The packed weights as an ELF object file, written as a stream: compiling needs no copy of them in memory.

#ifndef RESNET_CODEGEN_WEIGHTSOBJECT_H
#define RESNET_CODEGEN_WEIGHTSOBJECT_H

#include "dialect/IR/ResNetDialect.h"
#include "llvm/Support/Error.h"
#include <string>

namespace resnet::codegen {

struct PackedWeights {
  uint64_t bytes = 0;
  std::string hash; // XXH3-128 of the packed bytes, hexadecimal
};

/// Packs every resnet.global of `module`, in the order of their offsets, into the read-only section of a relocatable x86-64
/// object at `path`, where the hidden symbol `symbol` names their beginning. Fails where a constant's data is missing or the file
/// cannot be written.
llvm::Expected<PackedWeights> writeWeightsObject(mlir::ModuleOp module, llvm::StringRef symbol, llvm::StringRef path);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_WEIGHTSOBJECT_H
