#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/text/jinja/value.h"

namespace temper::text::jinja {

/// Python's str(): what {{ value }} prints.
std::string to_text(const Value& value);
/// Python's repr(): strings in quotes, as inside a printed list.
std::string to_repr(const Value& value);
/// Python's repr of a float: the shortest digits that read back the same.
std::string float_text(double number);

/// How the `tojson` filter of Transformers prints: json.dumps(ensure_ascii=False).
struct JsonStyle {
  std::optional<std::int64_t> indent;  ///< spaces a level; none: on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
  bool ensure_ascii = false;
};
/// Failure for what json.dumps refuses: undefined values, functions.
std::string to_json(const Value& value, const JsonStyle& style);

}  // namespace temper::text::jinja
