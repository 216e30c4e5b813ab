// What the mains share: one-line diagnostics, models from files of any kind, output files that are whole or absent.

#ifndef RESNET_TOOLS_SUPPORT_TOOLSUPPORT_H
#define RESNET_TOOLS_SUPPORT_TOOLSUPPORT_H

#include "dialect/Import/ImportOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace resnet {

/// Exit codes of every tool.
enum ExitCode { kSuccess = 0, kFailure = 1, kBadUsage = 2 };

/// Prints the context's diagnostics to stderr as `tool: error: place: message`, one line each, without notes and source.
/// The place is a file, with line and column where they are known, or the source model's name of an operation.
class LineDiagnostics : public mlir::ScopedDiagnosticHandler {
public:
  LineDiagnostics(mlir::MLIRContext *context, llvm::StringRef tool);

  /// Errors so far.
  unsigned numErrors() const { return errors; }

private:
  mlir::LogicalResult print(mlir::Diagnostic &diagnostic);
  std::string tool;
  unsigned errors = 0;
};

/// Prints `tool: error: message` to stderr and returns `code`.
int reportError(llvm::StringRef tool, const llvm::Twine &message, ExitCode code = kFailure);

/// reportError for what LLVM's command line said about wrong usage: its first line, without the program's name. kBadUsage.
int reportUsage(llvm::StringRef tool, llvm::StringRef message);

/// Makes a limit on the size of files (SIGXFSZ) an error of the write, like a full disk. Linkers started later inherit it.
void ignoreFileSizeSignal();

/// Prints a line on standard output; a full disk is an error.
llvm::Error printLine(const llvm::Twine &line);

/// The model in `path`: ONNX, bytecode or textual IR, by extension (.onnx, .mlirbc, .mlir), else by content. Weights of
/// bytecode stay in the mapped file. The options apply to ONNX; IR is taken as it is. Null after an error through the context's
/// diagnostics.
mlir::OwningOpRef<mlir::ModuleOp> loadModel(llvm::StringRef path, const ImportOptions &options, mlir::MLIRContext *context);

/// Writes the model to `path`: bytecode for .mlirbc, else text with locations and weights; `-` is stdout, as text. A file
/// appears whole or not at all. Reports errors through the context's diagnostics.
mlir::LogicalResult writeModel(mlir::ModuleOp module, llvm::StringRef path);

} // namespace resnet

#endif // RESNET_TOOLS_SUPPORT_TOOLSUPPORT_H
