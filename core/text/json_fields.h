#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace temper::text {

/// The keys of one JSON object, each asked for by name. done() refuses keys that nobody asked for:
/// a flag that the engine doesn't know must not be passed over in silence.
/// All errors are UserErrors that start with `where` ("file: pre_tokenizer").
class JsonFields {
 public:
  JsonFields(simdjson::dom::element element, std::string where);

  /// The value, or nullopt if the key is absent or null.
  std::optional<simdjson::dom::element> find(std::string_view key);
  simdjson::dom::element required(std::string_view key);

  std::string string(std::string_view key);
  std::optional<std::string> optional_string(std::string_view key);
  bool boolean(std::string_view key);
  bool boolean(std::string_view key, bool absent);
  std::int64_t integer(std::string_view key);
  std::int64_t integer(std::string_view key, std::int64_t absent);
  /// A string of one character.
  char32_t character(std::string_view key);
  simdjson::dom::array array(std::string_view key);
  simdjson::dom::object object(std::string_view key);

  void done() const;

  const std::string& where() const { return where_; }
  [[noreturn]] void fail(const std::string& message) const;

 private:
  template <typename T>
  T as(simdjson::dom::element element, std::string_view key, const char* type) const;

  simdjson::dom::object object_;
  std::string where_;
  std::set<std::string, std::less<>> asked_;
};

/// The strings of an array; UserError with `where` if one is something else.
std::string_view json_string(simdjson::dom::element element, const std::string& where);

}  // namespace temper::text
