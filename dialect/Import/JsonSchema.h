// JSON documents from users: parsed with the place of an error, and checked against a JSON schema.

#ifndef RESNET_DIALECT_IMPORT_JSONSCHEMA_H
#define RESNET_DIALECT_IMPORT_JSONSCHEMA_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <nlohmann/json.hpp>

namespace resnet {

/// Parses a document in which no object has a key twice. The error says line and column.
llvm::Expected<nlohmann::json> parseJson(llvm::StringRef text);

/// Checks `document` against `schema`, and fills in the defaults of properties that it lacks. The error has the JSON pointer of
/// the first wrong value, what was expected and what came. Known are the keywords of draft 2020-12 that closed objects, lists,
/// numbers and strings need; an unknown one in a schema that is reached is an error too.
llvm::Error applySchema(const nlohmann::json &schema, nlohmann::json &document);

/// A value as an error quotes it: on one line, in ASCII, shortened.
std::string quoteJson(const nlohmann::json &value);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_JSONSCHEMA_H
