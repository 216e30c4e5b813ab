// What a user may say about a model while it is imported. Shared by the importers and by the tools' command lines.

#ifndef RESNET_DIALECT_IMPORT_IMPORTOPTIONS_H
#define RESNET_DIALECT_IMPORT_IMPORTOPTIONS_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace resnet {

/// The shape of one of the model's inputs; ShapedType::kDynamic for a dynamic batch.
struct InputShape {
  std::string name; // empty: the only input
  llvm::SmallVector<int64_t> dims;
};

struct ImportOptions {
  /// Shapes that replace those of the file.
  std::vector<InputShape> shapes;
};

/// Parses `input:?x3x224x224` or `?x3x224x224`; `?` may stand for the batch alone. On failure says why in `error`.
mlir::FailureOr<InputShape> parseInputShape(llvm::StringRef text, std::string &error);

/// [?, 3, 224, 224] as ?x3x224x224.
std::string formatShape(llvm::ArrayRef<int64_t> dims);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_IMPORTOPTIONS_H
