#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

namespace temper::data {

/// Writes the values of one Arrow array as JSON. Borrowed arrays must outlive it.
class JsonColumn {
 public:
  virtual ~JsonColumn() = default;
  virtual bool is_null(std::int64_t row) const = 0;
  /// Appends the value of a row; `null` if it is null.
  virtual void append(std::string& out, std::int64_t row) const = 0;
};

/// Text, numbers, booleans, lists and structs become themselves (NaN and infinities null), binary
/// base64 strings, maps lists of {"key", "value"}, dictionaries their values; times, dates and
/// decimals the strings that Arrow prints. Throws std::runtime_error for other types.
std::unique_ptr<JsonColumn> make_json_column(const arrow::Array& array);

}  // namespace temper::data
