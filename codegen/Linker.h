// From object files to what the user asked for: a shared library, an archive, or one relocatable object.

#ifndef RESNET_CODEGEN_LINKER_H
#define RESNET_CODEGEN_LINKER_H

#include "codegen/KernelSpec.h"
#include "dialect/Support/TemporaryDirectory.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace resnet::codegen {

enum class LinkOutput { SharedLibrary, Archive, Object };

struct LinkJob {
  llvm::ArrayRef<std::string> objects;     // paths
  std::string output;                      // path; appears whole or not at all
  std::string entry;                       // the only symbol that stays visible
  const TemporaryDirectory *workDirectory; // for intermediate files
  LinkOutput kind = LinkOutput::SharedLibrary;
};

/// Links with lld, or with the system's linker where there is none. An archive holds one relocatable object in which everything
/// but the entry is local. The output depends on the objects, the output's name and the linker only.
llvm::Error link(const LinkJob &job);

/// The runtime that goes into every library: an x86-64 relocatable object.
llvm::StringRef runtimeObject();

/// What the runtime needs beside it to run kernels on a kind of devices, beside Halide's runtime for them.
llvm::StringRef driverObject(Target target);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_LINKER_H
