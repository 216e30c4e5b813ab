// How others spell the names of parameters.

#ifndef RESNET_DIALECT_IMPORT_PARAMETERNAMES_H
#define RESNET_DIALECT_IMPORT_PARAMETERNAMES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <functional>
#include <string>

namespace resnet {

/// The spelling of a file of weights, found from the keys that it has. docs/Architectures.md lists the spellings.
class ParameterNames {
public:
  /// `has` says whether the file has a key.
  explicit ParameterNames(std::function<bool(llvm::StringRef)> has);

  /// The file's key for a parameter of an architecture. Where the file does not have it, the likeliest spelling.
  std::string spell(llvm::StringRef name) const;

private:
  std::string spellBlock(llvm::StringRef name) const;

  std::function<bool(llvm::StringRef)> has;
  bool stages; // timm's pre-activation networks
};

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_PARAMETERNAMES_H
