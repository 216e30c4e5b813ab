// Files that are written whole or not at all.

#ifndef RESNET_TOOLS_OUTPUTFILE_H
#define RESNET_TOOLS_OUTPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace resnet {

/// Writes the pieces to a temporary file beside `path` and renames it; on an error (a full disk, too) nothing is left behind.
/// What exists and is no regular file, such as a device or a pipe, is written directly.
llvm::Error writeFile(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> pieces);

/// Writes to standard output; a reader that has gone or a full disk is an error.
llvm::Error writeStdout(llvm::StringRef text);

/// "path: what: reason of errno".
llvm::Error fileError(llvm::StringRef path, llvm::StringRef what, int error);

} // namespace resnet

#endif // RESNET_TOOLS_OUTPUTFILE_H
