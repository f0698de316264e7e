// + - * / // % ** by Python's rules; integers are 64 bits wide and overflow is an error.
#include <fmt/format.h>

#include <cmath>

#include "core/text/jinja/runtime.h"

namespace temper::text::jinja {
namespace {

[[noreturn]] void refuse(std::string_view op, const Value& left, const Value& right) {
  throw Failure(fmt::format("unsupported operand type(s) for {}: '{}' and '{}'", op,
                            left.type_name(), right.type_name()));
}

// By reference: the operation that fills `result` is the other argument.
std::int64_t checked(bool overflowed, const std::int64_t& result) {
  if (overflowed) throw Failure("an integer does not fit 64 bits");
  return result;
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  if (b == 0) throw Failure("division by zero");
  if (b == -1) {
    std::int64_t result = 0;
    return checked(__builtin_sub_overflow(std::int64_t{0}, a, &result), result);
  }
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  while (true) {
    if (exponent & 1) result = checked(__builtin_mul_overflow(result, base, &result), result);
    exponent >>= 1;
    if (exponent == 0) return result;
    base = checked(__builtin_mul_overflow(base, base, &base), base);
  }
}

Value with_integers(std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (op == "+") return checked(__builtin_add_overflow(a, b, &result), result);
  if (op == "-") return checked(__builtin_sub_overflow(a, b, &result), result);
  if (op == "*") return checked(__builtin_mul_overflow(a, b, &result), result);
  if (op == "//") return floor_divide(a, b);
  if (op == "%") return b == -1 ? std::int64_t{0} : a - floor_divide(a, b) * b;
  if (op == "**" && b >= 0) return integer_power(a, b);
  if (op == "**") return std::pow(static_cast<double>(a), static_cast<double>(b));
  if (b == 0) throw Failure("division by zero");
  return static_cast<double>(a) / static_cast<double>(b);
}

Value with_floats(std::string_view op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "**") return std::pow(a, b);
  if (b == 0) throw Failure("float division by zero");
  if (op == "/") return a / b;
  if (op == "//") return std::floor(a / b);
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

std::string repeat(Runtime& runtime, const std::string& text, std::int64_t count) {
  if (count <= 0 || text.empty()) return "";
  const auto times = static_cast<std::size_t>(count);
  runtime.check_size(times > SIZE_MAX / text.size() ? SIZE_MAX : times * text.size());
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

Value join_sequences(Runtime& runtime, const Value& left, const Value& right) {
  List items = *left.as_sequence();
  items.insert(items.end(), right.as_sequence()->begin(), right.as_sequence()->end());
  runtime.charge(static_cast<std::int64_t>(items.size()));
  if (left.is_tuple()) return Tuple{std::move(items)};
  return items;
}

Value repeat_sequence(Runtime& runtime, const Value& sequence, std::int64_t count) {
  List items;
  for (std::int64_t i = 0; i < count; ++i) {
    runtime.charge(static_cast<std::int64_t>(sequence.as_sequence()->size()) + 1);
    items.insert(items.end(), sequence.as_sequence()->begin(), sequence.as_sequence()->end());
  }
  if (sequence.is_tuple()) return Tuple{std::move(items)};
  return items;
}

}  // namespace

Value calculate(Runtime& runtime, std::string_view op, const Value& left, const Value& right) {
  left.require_defined();
  right.require_defined();
  const auto left_integer = left.as_integer();
  const auto right_integer = right.as_integer();
  if (left_integer && right_integer) return with_integers(op, *left_integer, *right_integer);
  if (left.is_number() && right.is_number()) {
    return with_floats(op, *left.as_number(), *right.as_number());
  }
  const std::string* text = left.as_string();
  if (op == "+" && text != nullptr && right.as_string() != nullptr) {
    runtime.check_size(text->size() + right.as_string()->size());
    return *text + *right.as_string();
  }
  if (op == "+" && left.as_sequence() != nullptr && right.as_sequence() != nullptr &&
      left.is_tuple() == right.is_tuple()) {
    return join_sequences(runtime, left, right);
  }
  if (op == "*") {
    if (text != nullptr && right_integer) return repeat(runtime, *text, *right_integer);
    if (left_integer && right.as_string() != nullptr) {
      return repeat(runtime, *right.as_string(), *left_integer);
    }
    if (left.as_sequence() != nullptr && right_integer) {
      return repeat_sequence(runtime, left, *right_integer);
    }
    if (left_integer && right.as_sequence() != nullptr) {
      return repeat_sequence(runtime, right, *left_integer);
    }
  }
  if (op == "%" && text != nullptr) {
    throw Failure("formatting a string with % is not supported; use ~ to join texts");
  }
  refuse(op, left, right);
}

}  // namespace temper::text::jinja
