#include "core/data/mds/scalar_type.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "core/data/json_text.h"

namespace temper::data {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

constexpr std::array<std::pair<ScalarType, std::string_view>, 11> kNames = {{
    {ScalarType::kUint8, "uint8"},
    {ScalarType::kInt8, "int8"},
    {ScalarType::kUint16, "uint16"},
    {ScalarType::kInt16, "int16"},
    {ScalarType::kFloat16, "float16"},
    {ScalarType::kUint32, "uint32"},
    {ScalarType::kInt32, "int32"},
    {ScalarType::kFloat32, "float32"},
    {ScalarType::kUint64, "uint64"},
    {ScalarType::kInt64, "int64"},
    {ScalarType::kFloat64, "float64"},
}};

template <class Number>
Number load(std::span<const std::byte> bytes) {
  Number number;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

template <class Integer>
void append_integer(std::string& out, std::span<const std::byte> bytes) {
  fmt::format_to(std::back_inserter(out), "{}", load<Integer>(bytes));
}

/// IEEE 754 binary16.
float half_to_float(std::uint16_t half) {
  constexpr int kFractionBits = 10;
  constexpr int kExponentMask = 31;
  constexpr int kBias = 15;
  const int exponent = half >> kFractionBits & kExponentMask;
  const int fraction = half & ((1 << kFractionBits) - 1);
  float value = 0;
  if (exponent == kExponentMask) {
    value = fraction == 0 ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), 1 - kBias - kFractionBits);
  } else {
    value = std::ldexp(static_cast<float>(fraction + (1 << kFractionBits)),
                       exponent - kBias - kFractionBits);
  }
  return half >> 15 != 0 ? -value : value;
}

}  // namespace

std::optional<ScalarType> scalar_type_named(std::string_view name) {
  for (const auto& [type, known] : kNames) {
    if (known == name) {
      return type;
    }
  }
  return std::nullopt;
}

std::optional<ScalarType> scalar_type_of_code(std::uint8_t code) {
  for (const auto& [type, name] : kNames) {
    if (static_cast<std::uint8_t>(type) == code) {
      return type;
    }
  }
  return std::nullopt;
}

std::size_t bytes_of(ScalarType type) {
  return static_cast<std::size_t>(type) / 8;  // the code is the bits, plus 0, 1 or 2
}

void append_scalar(std::string& out, ScalarType type, std::span<const std::byte> bytes) {
  switch (type) {
    case ScalarType::kUint8:
      return append_integer<std::uint8_t>(out, bytes);
    case ScalarType::kInt8:
      return append_integer<std::int8_t>(out, bytes);
    case ScalarType::kUint16:
      return append_integer<std::uint16_t>(out, bytes);
    case ScalarType::kInt16:
      return append_integer<std::int16_t>(out, bytes);
    case ScalarType::kFloat16:
      return append_json_number(out, double{half_to_float(load<std::uint16_t>(bytes))});
    case ScalarType::kUint32:
      return append_integer<std::uint32_t>(out, bytes);
    case ScalarType::kInt32:
      return append_integer<std::int32_t>(out, bytes);
    case ScalarType::kFloat32:
      return append_json_number(out, double{load<float>(bytes)});
    case ScalarType::kUint64:
      return append_integer<std::uint64_t>(out, bytes);
    case ScalarType::kInt64:
      return append_integer<std::int64_t>(out, bytes);
    case ScalarType::kFloat64:
      return append_json_number(out, load<double>(bytes));
  }
}

}  // namespace temper::data
