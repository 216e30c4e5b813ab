// Reads an ONNX file and hands it to the graph's import. Only the protobuf classes of ONNX are used: they read newer files
// than the library's own checker and shape inference accept.

#include "dialect/Import/OnnxImport.h"
#include "dialect/IR/ResNetDialect.h"
#include "dialect/Import/OnnxGraph.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <climits>
#include <google/protobuf/stubs/logging.h>

using namespace mlir;
using namespace resnet;

// The model, or why there is none. The file's memory is given back before this returns, so that weights exist once.
static llvm::Error parseModel(StringRef path, onnx::ModelProto &model) {
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status))
    return llvm::createStringError("cannot read the model: " + error.message());
  if (!llvm::sys::fs::is_regular_file(status))
    return llvm::createStringError("expected an ONNX file, got something that is not a regular file");
  if (status.getSize() == 0)
    return llvm::createStringError("expected an ONNX model, got an empty file");
  if (status.getSize() > INT_MAX)
    return llvm::createStringError(
        "expected a file below 2 GB, as protobuf requires (larger models keep their weights in external "
        "data), got " +
        Twine(status.getSize()) + " bytes");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError("cannot read the model: " + buffer.getError().message());
  google::protobuf::LogSilencer silencer; // Protobuf writes to stderr; we report ourselves.
  if (!model.ParseFromArray((*buffer)->getBufferStart(), static_cast<int>((*buffer)->getBufferSize())))
    return llvm::createStringError("expected an ONNX model, got a file that is truncated or no protobuf");
  if (!model.has_graph() || model.opset_import().empty())
    return llvm::createStringError("expected an ONNX model, got a protobuf without a graph or an operator set");
  return llvm::Error::success();
}

// Loads what the import needs, and the model; reports at the file.
static LogicalResult prepare(StringRef path, MLIRContext *context, onnx::ModelProto &model) {
  context->loadDialect<ResNetDialect, func::FuncDialect>();
  if (llvm::Error error = parseModel(path, model))
    return emitError(FileLineColLoc::get(context, path, 0, 0)) << toString(std::move(error));
  return success();
}

OwningOpRef<ModuleOp> resnet::importOnnx(StringRef path, const ImportOptions &options, MLIRContext *context) {
  onnx::ModelProto model;
  if (failed(prepare(path, context, model)))
    return nullptr;
  OwningOpRef<ModuleOp> module = OnnxGraph(model, path, options, context).import();
  if (module && failed(verify(*module)))
    return nullptr;
  return module;
}

FailureOr<std::vector<HostTensor>> resnet::foldOnnx(StringRef path, MLIRContext *context) {
  onnx::ModelProto model;
  if (failed(prepare(path, context, model)))
    return failure();
  const ImportOptions options;
  return OnnxGraph(model, path, options, context).fold();
}
