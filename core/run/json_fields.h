#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace temper::run {

/// Parses a JSON text that must be an object of at most `max_bytes`. UserError naming `origin`.
nlohmann::json parse_json_object(std::string_view text, std::size_t max_bytes,
                                 const std::string& origin);

/// The fields of one JSON object, read strictly: a missing field, a wrong type or a value out of
/// bounds is a UserError "origin: field: what". Unknown fields are not looked at.
class JsonFields {
 public:
  /// Borrows `object`. `origin` is the file, or file and place in it.
  JsonFields(const nlohmann::json& object, std::string origin);

  bool has(const char* name) const { return object_.contains(name); }
  /// Text of at most `max_bytes`.
  std::string text(const char* name, std::size_t max_bytes = 4096) const;
  /// In [low, high].
  std::int64_t integer(const char* name, std::int64_t low, std::int64_t high) const;
  /// The same, or nullopt for null.
  std::optional<std::int64_t> optional_integer(const char* name, std::int64_t low,
                                               std::int64_t high) const;
  /// In [0, high].
  std::uint64_t count(const char* name,
                      std::uint64_t high = std::numeric_limits<std::uint64_t>::max()) const;
  bool boolean(const char* name) const;
  const nlohmann::json& object(const char* name) const;
  /// An array of at most `max_items` objects.
  const nlohmann::json& objects(const char* name, std::size_t max_items) const;

  /// UserError "origin: field: problem".
  [[noreturn]] void fail(const char* name, std::string_view problem) const;

 private:
  const nlohmann::json& field(const char* name) const;

  const nlohmann::json& object_;
  std::string origin_;
};

/// `content` as text of a file: indented, with a last newline; bytes that are not UTF-8 become
/// U+FFFD.
std::string dump_file(const nlohmann::ordered_json& content);

}  // namespace temper::run
