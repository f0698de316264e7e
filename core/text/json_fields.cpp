#include "core/text/json_fields.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/text/utf8.h"

namespace temper::text {

JsonFields::JsonFields(simdjson::dom::element element, std::string where)
    : where_(std::move(where)) {
  if (element.get(object_) != simdjson::SUCCESS) fail("expected an object");
}

void JsonFields::fail(const std::string& message) const {
  throw UserError(fmt::format("{}: {}", where_, message));
}

std::optional<simdjson::dom::element> JsonFields::find(std::string_view key) {
  asked_.emplace(key);
  simdjson::dom::element element;
  if (object_.at_key(key).get(element) != simdjson::SUCCESS || element.is_null()) {
    return std::nullopt;
  }
  return element;
}

simdjson::dom::element JsonFields::required(std::string_view key) {
  const auto element = find(key);
  if (!element) fail(fmt::format("\"{}\" is missing", key));
  return *element;
}

template <typename T>
T JsonFields::as(simdjson::dom::element element, std::string_view key, const char* type) const {
  T value;
  if (element.get(value) != simdjson::SUCCESS) fail(fmt::format("\"{}\" must be {}", key, type));
  return value;
}

std::string JsonFields::string(std::string_view key) {
  return std::string(as<std::string_view>(required(key), key, "a string"));
}

std::optional<std::string> JsonFields::optional_string(std::string_view key) {
  const auto element = find(key);
  if (!element) return std::nullopt;
  return std::string(as<std::string_view>(*element, key, "a string"));
}

bool JsonFields::boolean(std::string_view key) {
  return as<bool>(required(key), key, "true or false");
}

bool JsonFields::boolean(std::string_view key, bool absent) {
  const auto element = find(key);
  return element ? as<bool>(*element, key, "true or false") : absent;
}

std::int64_t JsonFields::integer(std::string_view key) {
  return as<std::int64_t>(required(key), key, "an integer");
}

std::int64_t JsonFields::integer(std::string_view key, std::int64_t absent) {
  const auto element = find(key);
  return element ? as<std::int64_t>(*element, key, "an integer") : absent;
}

char32_t JsonFields::character(std::string_view key) {
  const std::string text = string(key);
  if (text.empty() || character_at(text, 0).length_bytes != text.size()) {
    fail(fmt::format("\"{}\" must be one character, found \"{}\"", key, text));
  }
  return character_at(text, 0).code;
}

simdjson::dom::array JsonFields::array(std::string_view key) {
  return as<simdjson::dom::array>(required(key), key, "an array");
}

simdjson::dom::object JsonFields::object(std::string_view key) {
  return as<simdjson::dom::object>(required(key), key, "an object");
}

void JsonFields::done() const {
  for (const auto [key, value] : object_) {
    if (!asked_.contains(key)) {
      fail(fmt::format("\"{}\" is not supported (value {})", key, simdjson::minify(value)));
    }
  }
}

std::string_view json_string(simdjson::dom::element element, const std::string& where) {
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) {
    throw UserError(
        fmt::format("{}: expected a string, found {}", where, simdjson::minify(element)));
  }
  return text;
}

}  // namespace temper::text
