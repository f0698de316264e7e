#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/recipe/field_kinds.h"
#include "core/recipe/recipe.h"
#include "core/recipe/yaml_scalar.h"

/// Any member of a recipe as YAML on one line, e.g. `[0.9, 0.999]`. Reads back as the same value.
namespace temper::recipe {

/// A string value; "${" is written "$${", which is not replaced when read.
std::string print_value(const std::string& value);
std::string print_value(const Targets& value);

inline std::string print_value(std::int64_t value) {
  return print_integer(value);
}
inline std::string print_value(double value) {
  return print_number(value);
}
inline std::string print_value(bool value) {
  return print_boolean(value);
}

template <Choice T>
std::string print_value(T value) {
  return std::string(name_of(value));
}

template <Section T>
std::string print_value(T section);

template <class T>
std::string print_value(const std::vector<T>& list) {
  std::string text;
  for (const T& item : list) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", print_value(item));
  }
  return fmt::format("[{}]", text);
}

template <class T>
std::string print_value(const std::map<std::string, T>& map) {
  std::string text;
  for (const auto& [key, value] : map) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", print_text(key), print_value(value));
  }
  return fmt::format("{{{}}}", text);
}

/// Empty if there is no value.
template <class T>
std::string print_value(const std::optional<T>& value) {
  return value ? print_value(*value) : std::string();
}

/// `{path: a.jsonl, format: auto}`; an optional without a value is left out.
template <Section T>
std::string print_value(T section) {
  std::string text;
  auto print_field = [&text](std::string_view key, auto& member, std::string_view) {
    const std::string value = print_value(member);
    if (!value.empty()) {  // only an optional prints nothing
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", key, value);
    }
    return NoChecks{};
  };
  section.visit(print_field);
  return fmt::format("{{{}}}", text);
}

}  // namespace temper::recipe
