// Modules and texts through dialect/Support's writer: whole or absent.

#include "codegen/ModuleOutput.h"
#include "dialect/Support/OutputFile.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace resnet::codegen;

// Resources above this many hexadecimal digits are elided for readers.
static constexpr int64_t kReadableResource = 64;

static LogicalResult writeWith(ModuleOp module, llvm::StringRef path,
                               llvm::function_ref<LogicalResult(llvm::raw_ostream &)> print) {
  llvm::Error error = resnet::writeOutputFile(path, [&](llvm::raw_ostream &os) -> llvm::Error {
    return succeeded(print(os)) ? llvm::Error::success() : llvm::createStringError("the module cannot be written as bytecode");
  });
  if (!error)
    return success();
  return module.emitError() << "cannot write '" << path << "': " << llvm::toString(std::move(error));
}

LogicalResult resnet::codegen::writeText(ModuleOp module, llvm::StringRef path, llvm::StringRef text) {
  return writeWith(module, path, [&](llvm::raw_ostream &os) {
    os << text;
    return success();
  });
}

LogicalResult resnet::codegen::writeModule(ModuleOp module, llvm::StringRef path, llvm::StringRef header, bool elide) {
  return writeWith(module, path, [&](llvm::raw_ostream &os) -> LogicalResult {
    if (path.ends_with(".mlirbc"))
      return writeBytecodeToFile(module, os);
    os << header;
    OpPrintingFlags flags;
    if (elide || path == "-")
      flags.elideLargeElementsAttrs(kReadableResource).elideLargeResourceString(kReadableResource);
    module.print(os, flags);
    os << '\n';
    return success();
  });
}
