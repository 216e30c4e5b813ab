// What the ONNX importer translates, as data: for the documentation, and for the tests of both.

#ifndef RESNET_DIALECT_IMPORT_ONNXOPERATORS_H
#define RESNET_DIALECT_IMPORT_ONNXOPERATORS_H

#include "llvm/ADT/StringRef.h"
#include <vector>

namespace resnet {

/// The operator sets that are read: 7 was the first with today's broadcasting, 6 differs from it in what is ignored or plain.
inline constexpr int64_t kOldestOpset = 6, kNewestOpset = 21;

/// Operands for which an operator has a translation: activations become operations, constants are folded. An operator on
/// activations may have constant operands beside them.
enum class OnnxOperands { Activations, Constants, Both };

struct OnnxOperator {
  llvm::StringRef name;
  OnnxOperands operands;
};

/// Every operator of the domain ai.onnx that has a translation, by name.
std::vector<OnnxOperator> onnxOperators();

/// "activations", "constants" or "both".
llvm::StringRef operandsName(OnnxOperands operands);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ONNXOPERATORS_H
