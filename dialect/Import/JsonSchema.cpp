// A validator of the part of JSON schema that the project's schemas use. One schema is the truth for editors, for the checks
// here and for the defaults, so that the readers of checked documents need no checks of their own.

#include "dialect/Import/JsonSchema.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"
#include <cmath>
#include <set>

using namespace llvm;
using namespace resnet;
using nlohmann::json;

//===--------------------------------------------------------------------===//
// Text
//===--------------------------------------------------------------------===//

namespace {
// Finds what is wrong with a text. The library throws its own errors unless somebody takes them here.
class ErrorFinder : public nlohmann::json_sax<json> {
public:
  explicit ErrorFinder(StringRef text) : text(text) {}
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(int64_t) override { return true; }
  bool number_unsigned(uint64_t) override { return true; }
  bool number_float(double, const std::string &) override { return true; }
  bool string(std::string &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool start_object(size_t) override {
    keys.emplace_back();
    return true;
  }
  bool end_object() override {
    keys.pop_back();
    return true;
  }
  bool key(std::string &name) override {
    if (keys.back().insert(name).second)
      return true;
    problem = "expected each key once in an object, got " + quoteJson(name) + " twice";
    return false;
  }
  bool start_array(size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &) override {
    // Characters read, the one that does not fit among them.
    StringRef before = text.take_front(position == 0 ? 0 : position - 1), after = text.drop_front(before.size());
    const size_t line = before.count('\n') + 1, column = before.size() - (before.rfind('\n') + 1) + 1;
    const std::string got = after.empty() ? "the end" : std::string("'") + (isPrint(after[0]) ? after[0] : '?') + "'";
    problem = ("line " + Twine(line) + ", column " + Twine(column) + ": expected JSON, got " + got).str();
    return false;
  }

private:
  StringRef text;
  std::vector<std::set<std::string>> keys; // of the objects that are open
};
} // namespace

Expected<json> resnet::parseJson(StringRef text) {
  ErrorFinder finder(text);
  if (!json::sax_parse(text.begin(), text.end(), &finder))
    return createStringError(finder.problem);
  return json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

std::string resnet::quoteJson(const json &value) {
  if (value.is_object())
    return "an object";
  if (value.is_array())
    return "a list of " + std::to_string(value.size());
  constexpr size_t kMost = 60;
  std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace);
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

//===--------------------------------------------------------------------===//
// Schema
//===--------------------------------------------------------------------===//

namespace {
class Validator {
public:
  explicit Validator(const json &root) : root(root) {}
  Error check(const json &schema, json &value, const std::string &path);

private:
  Error fail(const std::string &path, const Twine &expected, const json &got) {
    return createStringError(path + ": expected " + expected + ", got " + quoteJson(got));
  }
  Error checkObject(const json &schema, json &value, const std::string &path);
  Error checkNumber(const json &schema, const json &value, const std::string &path);
  void fillDefaults(const json &properties, json &value);
  /// The schema behind a $ref.
  const json &resolve(const json &schema) {
    const json *found = &schema;
    while (found->contains("$ref"))
      found = &root["$defs"][found->at("$ref").get<std::string>().substr(strlen("#/$defs/"))];
    return *found;
  }

  const json &root;
};
} // namespace

// The keywords that mean something to `check`, and those that are for readers.
static bool isKnown(StringRef keyword) {
  return is_contained({"type",
                       "enum",
                       "minimum",
                       "maximum",
                       "exclusiveMinimum",
                       "minItems",
                       "maxItems",
                       "items",
                       "properties",
                       "required",
                       "additionalProperties",
                       "maxProperties",
                       "anyOf",
                       "pattern",
                       "$ref",
                       "default",
                       "$schema",
                       "title",
                       "description",
                       "$defs"},
                      keyword);
}

static bool isInteger(const json &value) {
  return value.is_number_integer() || (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()));
}

static bool hasType(const json &value, StringRef type) {
  return type == "object"    ? value.is_object()
         : type == "array"   ? value.is_array()
         : type == "string"  ? value.is_string()
         : type == "boolean" ? value.is_boolean()
         : type == "integer" ? isInteger(value)
                             : value.is_number();
}

static std::string describeType(StringRef type) {
  return type == "object"    ? "an object"
         : type == "array"   ? "a list"
         : type == "string"  ? "a string"
         : type == "boolean" ? "true or false"
         : type == "integer" ? "a whole number"
                             : "a number";
}

static std::string joinJson(const json &values) {
  std::string text;
  for (const json &value : values)
    text += (text.empty() ? "" : ", ") + value.dump();
  return text;
}

// The document itself has the path "/".
static std::string childPath(const std::string &path, const std::string &name) { return (path == "/" ? "" : path) + "/" + name; }

Error Validator::checkNumber(const json &schema, const json &value, const std::string &path) {
  const double number = value.get<double>();
  const bool fits = (!schema.contains("minimum") || number >= schema["minimum"].get<double>()) &&
                    (!schema.contains("exclusiveMinimum") || number > schema["exclusiveMinimum"].get<double>()) &&
                    (!schema.contains("maximum") || number <= schema["maximum"].get<double>());
  if (fits)
    return Error::success();
  std::string expected = describeType(schema["type"].get<std::string>());
  if (schema.contains("minimum"))
    expected += " from " + schema["minimum"].dump();
  if (schema.contains("exclusiveMinimum"))
    expected += " above " + schema["exclusiveMinimum"].dump();
  if (schema.contains("maximum"))
    expected += " to " + schema["maximum"].dump();
  return fail(path, expected, value);
}

void Validator::fillDefaults(const json &properties, json &value) {
  for (auto &[name, property] : properties.items()) {
    if (value.contains(name))
      continue;
    if (property.contains("default"))
      value[name] = property["default"];
    else if (const json &behind = resolve(property); behind.contains("default"))
      value[name] = behind["default"];
  }
}

Error Validator::checkObject(const json &schema, json &value, const std::string &path) {
  static const json none = json::object();
  const json &properties = schema.contains("properties") ? schema["properties"] : none;
  for (auto &[name, member] : value.items())
    if (!properties.contains(name) && schema.contains("additionalProperties")) {
      std::vector<std::string> names;
      for (auto &[known, property] : properties.items())
        names.push_back(known);
      return createStringError(path + ": expected no field but " + join(names, ", ") + ", got " + quoteJson(name));
    }
  if (schema.contains("maxProperties") && value.size() > schema["maxProperties"].get<size_t>())
    return fail(path, "at most " + schema["maxProperties"].dump() + " of its fields", value.size());
  if (schema.contains("required"))
    for (const json &name : schema["required"])
      if (!value.contains(name.get<std::string>()))
        return createStringError(path + ": expected a field " + name.dump() + ", got none");
  fillDefaults(properties, value);
  for (auto &[name, member] : value.items())
    if (properties.contains(name))
      if (Error error = check(properties[name], member, childPath(path, name)))
        return error;
  return Error::success();
}

Error Validator::check(const json &schema, json &value, const std::string &path) {
  for (auto &[keyword, meaning] : schema.items())
    if (!isKnown(keyword))
      return createStringError(path + ": expected a schema without the keyword '" + keyword + "'");
  if (schema.contains("$ref"))
    if (Error error = check(resolve(schema), value, path))
      return error;
  if (schema.contains("type") && !hasType(value, schema["type"].get<std::string>()))
    return fail(path, describeType(schema["type"].get<std::string>()), value);
  if (schema.contains("enum") && find(schema["enum"], value) == schema["enum"].end())
    return fail(path, "one of " + joinJson(schema["enum"]), value);
  if (schema.contains("anyOf")) {
    // The alternatives here differ in required fields alone; the last one's message is the one for beginners.
    std::string problem;
    for (const json &alternative : schema["anyOf"]) {
      Error error = check(alternative, value, path);
      if (!error) {
        problem.clear();
        break;
      }
      problem = toString(std::move(error));
    }
    if (!problem.empty())
      return createStringError(problem);
  }
  if (value.is_number())
    return checkNumber(schema, value, path);
  if (value.is_object())
    return checkObject(schema, value, path);
  if (value.is_string() && schema.contains("pattern") &&
      !Regex(schema["pattern"].get<std::string>()).match(value.get<std::string>()))
    return fail(path, "a string that matches " + schema["pattern"].get<std::string>(), value);
  if (!value.is_array())
    return Error::success();
  const size_t least = schema.value("minItems", size_t(0)), most = schema.value("maxItems", SIZE_MAX);
  if (value.size() < least || value.size() > most)
    return fail(path, "a list of " + Twine(least) + " to " + Twine(most), value);
  for (size_t i = 0; i < value.size(); ++i)
    if (Error error = check(schema["items"], value[i], childPath(path, std::to_string(i))))
      return error;
  return Error::success();
}

Error resnet::applySchema(const json &schema, json &document) { return Validator(schema).check(schema, document, "/"); }
