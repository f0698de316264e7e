#pragma once

#include <fmt/format.h>

#include <string_view>

namespace temper {

/// Prints `file:line: check failed: condition: message` and aborts. For our own bugs only.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view message);

}  // namespace temper

/// Aborts with location and values if an invariant of ours does not hold:
/// CHECK(a == b, "slots {} of {}", a, b).
#define CHECK(condition, ...)                                                                \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      ::temper::check_failed(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__)); \
    }                                                                                        \
  } while (false)
