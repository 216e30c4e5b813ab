// Output of resnet-run: files that are written whole or not at all, and standard output.

#ifndef RESNET_TOOLS_OUTPUTFILE_H
#define RESNET_TOOLS_OUTPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace resnet {

/// Writes the pieces as writeOutputFile of dialect/Support does; an error names `path`.
llvm::Error writeFile(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> pieces);

/// Writes to standard output; a reader that has gone or a full disk is an error.
llvm::Error writeStdout(llvm::StringRef text);

/// "path: what: reason of errno".
llvm::Error fileError(llvm::StringRef path, llvm::StringRef what, int error);

} // namespace resnet

#endif // RESNET_TOOLS_OUTPUTFILE_H
