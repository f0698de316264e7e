#include "core/weights/gguf_values.h"

#include <fmt/format.h>

#include <limits>
#include <type_traits>

namespace temper::weights {
namespace {

// gguf.md: gguf_metadata_value_type.
enum class ValueType : std::uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64
};

ValueType read_type(ByteCursor& cursor, std::string_view key) {
  const auto type = cursor.read<std::uint32_t>(key);
  if (type > static_cast<std::uint32_t>(ValueType::kF64)) {
    cursor.fail(key, fmt::format("there is no value type {}", type));
  }
  return static_cast<ValueType>(type);
}

bool read_bool(ByteCursor& cursor, std::string_view key) {
  const auto value = cursor.read<std::uint8_t>(key);
  if (value > 1) {
    cursor.fail(key, fmt::format("{} is no truth value (0 or 1)", value));
  }
  return value == 1;
}

template <class T>
void read_integers(ByteCursor& cursor, std::string_view key, GgufArray* array) {
  const std::uint64_t count = cursor.read_count(sizeof(T), key);
  array->integers.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const T value = cursor.read<T>(key);
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      if (value > std::numeric_limits<std::int64_t>::max()) {
        cursor.fail(key, fmt::format("element {} is too large: {}", i, value));
      }
    }
    array->integers.push_back(static_cast<std::int64_t>(value));
  }
}

template <class T>
void read_floats(ByteCursor& cursor, std::string_view key, GgufArray* array) {
  const std::uint64_t count = cursor.read_count(sizeof(T), key);
  array->floats.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    array->floats.push_back(static_cast<double>(cursor.read<T>(key)));
  }
}

void read_bools(ByteCursor& cursor, std::string_view key, GgufArray* array) {
  const std::uint64_t count = cursor.read_count(1, key);
  for (std::uint64_t i = 0; i < count; ++i) {
    array->integers.push_back(read_bool(cursor, key) ? 1 : 0);
  }
}

void read_strings(ByteCursor& cursor, std::string_view key, GgufArray* array) {
  const std::uint64_t count = cursor.read_count(sizeof(std::uint64_t), key);
  array->strings.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    array->strings.push_back(cursor.read_string(key));
  }
}

GgufArray read_array(ByteCursor& cursor, std::string_view key) {
  GgufArray array;
  switch (read_type(cursor, key)) {
    case ValueType::kU8:
      read_integers<std::uint8_t>(cursor, key, &array);
      break;
    case ValueType::kI8:
      read_integers<std::int8_t>(cursor, key, &array);
      break;
    case ValueType::kU16:
      read_integers<std::uint16_t>(cursor, key, &array);
      break;
    case ValueType::kI16:
      read_integers<std::int16_t>(cursor, key, &array);
      break;
    case ValueType::kU32:
      read_integers<std::uint32_t>(cursor, key, &array);
      break;
    case ValueType::kI32:
      read_integers<std::int32_t>(cursor, key, &array);
      break;
    case ValueType::kU64:
      read_integers<std::uint64_t>(cursor, key, &array);
      break;
    case ValueType::kI64:
      read_integers<std::int64_t>(cursor, key, &array);
      break;
    case ValueType::kF32:
      read_floats<float>(cursor, key, &array);
      break;
    case ValueType::kF64:
      read_floats<double>(cursor, key, &array);
      break;
    case ValueType::kBool:
      read_bools(cursor, key, &array);
      break;
    case ValueType::kString:
      read_strings(cursor, key, &array);
      break;
    case ValueType::kArray:
      cursor.fail(key, "arrays of arrays are not supported");
  }
  return array;
}

GgufValue unsigned_value(std::uint64_t value) {
  return value;
}

GgufValue signed_value(std::int64_t value) {
  return value;
}

}  // namespace

GgufValue read_gguf_value(ByteCursor& cursor, std::string_view key) {
  switch (read_type(cursor, key)) {
    case ValueType::kU8:
      return unsigned_value(cursor.read<std::uint8_t>(key));
    case ValueType::kI8:
      return signed_value(cursor.read<std::int8_t>(key));
    case ValueType::kU16:
      return unsigned_value(cursor.read<std::uint16_t>(key));
    case ValueType::kI16:
      return signed_value(cursor.read<std::int16_t>(key));
    case ValueType::kU32:
      return unsigned_value(cursor.read<std::uint32_t>(key));
    case ValueType::kI32:
      return signed_value(cursor.read<std::int32_t>(key));
    case ValueType::kU64:
      return unsigned_value(cursor.read<std::uint64_t>(key));
    case ValueType::kI64:
      return signed_value(cursor.read<std::int64_t>(key));
    case ValueType::kF32:
      return static_cast<double>(cursor.read<float>(key));
    case ValueType::kF64:
      return cursor.read<double>(key);
    case ValueType::kBool:
      return read_bool(cursor, key);
    case ValueType::kString:
      return std::string(cursor.read_string(key));
    case ValueType::kArray:
      return read_array(cursor, key);
  }
  cursor.fail(key, "unknown value type");
}

}  // namespace temper::weights
