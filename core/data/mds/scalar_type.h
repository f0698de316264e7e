#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace temper::data {

/// The numbers of MDS columns and arrays. The values are MDS's own codes for them in arrays.
enum class ScalarType : std::uint8_t {
  kUint8 = 8,
  kInt8 = 9,
  kUint16 = 16,
  kInt16 = 17,
  kFloat16 = 18,
  kUint32 = 32,
  kInt32 = 33,
  kFloat32 = 34,
  kUint64 = 64,
  kInt64 = 65,
  kFloat64 = 66,
};

/// By numpy's name ("int32"); nullopt for another.
std::optional<ScalarType> scalar_type_named(std::string_view name);
/// By MDS's code.
std::optional<ScalarType> scalar_type_of_code(std::uint8_t code);
std::size_t bytes_of(ScalarType type);

/// Appends one little-endian number as JSON; `bytes` has bytes_of(type). Floats are
/// written as the double that they are, NaN and infinities as null.
void append_scalar(std::string& out, ScalarType type, std::span<const std::byte> bytes);

}  // namespace temper::data
