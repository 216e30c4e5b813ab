// Diagnostics, input and output of the mains.

#include "tools/support/ToolSupport.h"
#include "dialect/IR/Layouts.h"
#include "dialect/Import/OnnxImport.h"
#include "dialect/Support/OutputFile.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include <csignal>

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// Diagnostics
//===--------------------------------------------------------------------===//

LineDiagnostics::LineDiagnostics(MLIRContext *context, StringRef tool) : ScopedDiagnosticHandler(context), tool(tool) {
  setHandler([this](Diagnostic &diagnostic) { return print(diagnostic); });
}

static std::string place(Location loc) {
  if (auto file = dyn_cast<FileLineColLoc>(loc)) {
    std::string text = file.getFilename().str();
    if (file.getLine())
      text += ":" + std::to_string(file.getLine()) + ":" + std::to_string(file.getColumn());
    return text + ": ";
  }
  std::string name = sourceName(loc);
  return name.empty() ? "" : "'" + name + "': ";
}

LogicalResult LineDiagnostics::print(Diagnostic &diagnostic) {
  StringRef severity;
  switch (diagnostic.getSeverity()) {
  case DiagnosticSeverity::Error:
    severity = "error";
    ++errors;
    break;
  case DiagnosticSeverity::Warning:
    severity = "warning";
    break;
  case DiagnosticSeverity::Remark:
    severity = "remark";
    break;
  case DiagnosticSeverity::Note:
    return success();
  }
  std::string message = diagnostic.str();
  llvm::replace(message, '\n', ' ');
  llvm::errs() << tool << ": " << severity << ": " << place(diagnostic.getLocation()) << message << '\n';
  return success();
}

int resnet::reportUsage(StringRef tool, StringRef message) {
  StringRef line = message.trim().split('\n').first;
  if (line.empty()) // a parser of one option's value has told
    return kBadUsage;
  // "PROGRAM: what is wrong": the program's name may be a path.
  if (size_t colon = line.find(": "); colon != StringRef::npos && line.take_front(colon).ends_with(tool))
    line = line.drop_front(colon + 2);
  return reportError(tool, line, kBadUsage);
}

void resnet::ignoreFileSizeSignal() { std::signal(SIGXFSZ, SIG_IGN); }

llvm::Error resnet::printLine(const Twine &line) {
  llvm::Error error = writeOutputFile("-", [&](raw_ostream &os) {
    os << line << '\n';
    return llvm::Error::success();
  });
  return error ? llvm::createStringError("cannot write to standard output: " + llvm::toString(std::move(error)))
               : std::move(error);
}

int resnet::reportError(StringRef tool, const Twine &message, ExitCode code) {
  llvm::errs() << tool << ": error: " << message << '\n';
  return code;
}

//===--------------------------------------------------------------------===//
// Models
//===--------------------------------------------------------------------===//

// IR by its extension, else by its beginning: bytecode has a magic number, and a protobuf of ONNX begins with the tag of its
// first field, which no text does.
static bool isOnnx(StringRef path, StringRef content) {
  if (path.ends_with(".onnx"))
    return true;
  return !path.ends_with(".mlir") && !path.ends_with(".mlirbc") && !content.empty() && content.front() == '\x08';
}

OwningOpRef<ModuleOp> resnet::loadModel(StringRef path, const ImportOptions &options, MLIRContext *context) {
  if (path.ends_with(".onnx"))
    return importOnnx(path, options, context);
  Location loc = FileLineColLoc::get(context, path, 0, 0);
  llvm::sys::fs::file_status status;
  std::error_code error = llvm::sys::fs::status(path, status);
  if (!error && llvm::sys::fs::is_directory(status))
    error = std::make_error_code(std::errc::is_a_directory);
  auto buffer = error ? llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>>(error) : llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    emitError(loc) << "cannot read the model: " << buffer.getError().message();
    return nullptr;
  }
  if (isOnnx(path, (*buffer)->getBuffer()))
    return importOnnx(path, options, context);
  context->loadDialect<ResNetDialect, func::FuncDialect>();
  // Shared: resources of bytecode then refer to the mapped file.
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, ParserConfig(context));
  if (module && !isa_and_nonnull<FunctionOpInterface>(SymbolTable::lookupSymbolIn(*module, "main"))) {
    emitError(loc) << "expected a model, which is the function @main, got none";
    return nullptr;
  }
  return module;
}

LogicalResult resnet::writeModel(ModuleOp module, StringRef path) {
  auto write = [&](llvm::raw_ostream &os) -> llvm::Error {
    if (path.ends_with(".mlirbc")) {
      if (failed(writeBytecodeToFile(module, os)))
        return llvm::createStringError("the module cannot be written as bytecode");
    } else {
      module->print(os, OpPrintingFlags().enableDebugInfo());
      os << '\n';
    }
    return llvm::Error::success();
  };
  if (llvm::Error error = writeOutputFile(path, write))
    return emitError(FileLineColLoc::get(module.getContext(), path, 0, 0))
           << "cannot write the model: " << toString(std::move(error));
  return success();
}
