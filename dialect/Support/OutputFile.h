// Output files that are whole or absent.

#ifndef RESNET_DIALECT_SUPPORT_OUTPUTFILE_H
#define RESNET_DIALECT_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace resnet {

/// Calls `write` on a temporary beside `path` and renames it; on an error (a full disk, too) and on a signal nothing is left
/// behind. `-` is stdout; what exists and is no regular file, such as a device or a pipe, is written directly.
/// llvm::writeToOutput would replace a device by a file, and end the program where the disk is full.
llvm::Error writeOutputFile(llvm::StringRef path, llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write);

/// Has `path` removed when the program is interrupted. Unlike llvm::sys::RemoveFileOnSignal it leaves a limit on the size of
/// files (SIGXFSZ) an error of the write.
void removeOnSignal(llvm::StringRef path);

} // namespace resnet

#endif // RESNET_DIALECT_SUPPORT_OUTPUTFILE_H
