// From JSON to an architecture. Shared by the built-in descriptions and users' own.

#ifndef RESNET_DIALECT_IMPORT_ARCHITECTUREREADER_H
#define RESNET_DIALECT_IMPORT_ARCHITECTUREREADER_H

#include "dialect/Import/Architectures.h"
#include "dialect/Import/JsonSchema.h"

namespace resnet {

/// Reads a description that `schema` describes; its fields replace those of `base`, where there is one. `name` is for a
/// description without one. The error has a JSON pointer.
llvm::Expected<Architecture> readArchitecture(const nlohmann::json &schema, nlohmann::json fields, llvm::StringRef name,
                                              const nlohmann::json *base);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ARCHITECTUREREADER_H
