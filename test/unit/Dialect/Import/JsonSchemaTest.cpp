// JSON from users: where an error is, and what a schema accepts, refuses and fills in.

#include "dialect/Import/JsonSchema.h"
#include <gtest/gtest.h>

using namespace llvm;
using namespace resnet;
using nlohmann::json;

namespace {

std::string parseError(StringRef text) {
  Expected<json> document = parseJson(text);
  return document ? "" : toString(document.takeError());
}

TEST(ParseJson, ErrorsHaveLineAndColumn) {
  EXPECT_EQ(parseError("{\n  \"a\": 1,\n  b\n}"), "line 3, column 3: expected JSON, got 'b'");
  EXPECT_EQ(parseError(""), "line 1, column 1: expected JSON, got the end");
  EXPECT_EQ(parseError("{\"a\": \"\xff\"}").substr(0, 16), "line 1, column 8");
}

TEST(ParseJson, KeysAreUniqueWithinAnObject) {
  EXPECT_EQ(parseError(R"({"a": {"b": 1}, "b": 2})"), "");
  EXPECT_EQ(parseError(R"({"a": {"b": 1, "b": 2}})"), "expected each key once in an object, got \"b\" twice");
}

/// What applySchema says of `value`, or the value with its defaults.
std::string apply(const char *schema, const char *value) {
  json document = cantFail(parseJson(value));
  Error error = applySchema(cantFail(parseJson(schema)), document);
  return error ? toString(std::move(error)) : document.dump();
}

TEST(JsonSchema, Numbers) {
  const char *schema = R"({"type": "integer", "minimum": 1, "maximum": 9})";
  EXPECT_EQ(apply(schema, "9"), "9");
  EXPECT_EQ(apply(schema, "10"), "/: expected a whole number from 1 to 9, got 10");
  EXPECT_EQ(apply(schema, "-1"), "/: expected a whole number from 1 to 9, got -1");
  EXPECT_EQ(apply(schema, "1e300"), "/: expected a whole number from 1 to 9, got 1e+300");
  EXPECT_EQ(apply(schema, "1.5"), "/: expected a whole number, got 1.5");
  EXPECT_EQ(apply(schema, "\"1\""), "/: expected a whole number, got \"1\"");
  EXPECT_EQ(apply(R"({"type": "number", "exclusiveMinimum": 0})", "0"), "/: expected a number above 0, got 0");
}

TEST(JsonSchema, Strings) {
  EXPECT_EQ(apply(R"({"type": "string", "enum": ["a", "b"]})", "\"c\""), "/: expected one of \"a\", \"b\", got \"c\"");
  EXPECT_EQ(apply(R"({"type": "string", "pattern": "^[a-z]+$"})", "\"a b\""),
            "/: expected a string that matches ^[a-z]+$, got \"a b\"");
}

TEST(JsonSchema, Lists) {
  const char *schema = R"({"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "boolean"}})";
  EXPECT_EQ(apply(schema, "[true, false]"), "[true,false]");
  EXPECT_EQ(apply(schema, "[]"), "/: expected a list of 1 to 2, got a list of 0");
  EXPECT_EQ(apply(schema, "[true, {}]"), "/1: expected true or false, got an object");
}

TEST(JsonSchema, ObjectsAreClosedAndComplete) {
  const char *schema = R"({"type": "object", "additionalProperties": false, "required": ["a"], "maxProperties": 2,
                           "properties": {"a": {"type": "integer"}, "b": {"type": "object", "properties":
                           {"c": {"type": "integer"}}}, "d": {}}})";
  EXPECT_EQ(apply(schema, R"({"a": 1, "b": {"c": 2}})"), R"({"a":1,"b":{"c":2}})");
  EXPECT_EQ(apply(schema, R"({"b": {}})"), "/: expected a field \"a\", got none");
  EXPECT_EQ(apply(schema, R"({"a": 1, "e": 2})"), "/: expected no field but a, b, d, got \"e\"");
  EXPECT_EQ(apply(schema, R"({"a": 1, "b": {"c": null}})"), "/b/c: expected a whole number, got null");
  EXPECT_EQ(apply(schema, R"({"a": 1, "b": {}, "d": 1})"), "/: expected at most 2 of its fields, got 3");
}

TEST(JsonSchema, DefaultsAreFilledInFromOutsideToInside) {
  const char *schema = R"({"type": "object", "properties": {"a": {"type": "object", "default": {}, "properties":
                           {"b": {"$ref": "#/$defs/size"}, "c": {"$ref": "#/$defs/size", "default": 4}}}},
                           "$defs": {"size": {"type": "integer", "maximum": 5, "default": 3}}})";
  EXPECT_EQ(apply(schema, "{}"), R"({"a":{"b":3,"c":4}})");
  EXPECT_EQ(apply(schema, R"({"a": {"b": 6}})"), "/a/b: expected a whole number to 5, got 6");
}

TEST(JsonSchema, Alternatives) {
  const char *schema = R"({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]})";
  EXPECT_EQ(apply(schema, R"({"a": 1})"), R"({"a":1})");
  EXPECT_EQ(apply(schema, R"({"c": 1})"), "/: expected a field \"b\", got none");
}

TEST(JsonSchema, UnknownKeywordsAreNotPassedOver) {
  EXPECT_EQ(apply(R"({"multipleOf": 2})", "4"), "/: expected a schema without the keyword 'multipleOf'");
}

} // namespace
