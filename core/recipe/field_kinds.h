#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// What visitors of a recipe's fields share: the kinds of members there are, and checks that do
/// nothing for visitors that don't read.
namespace temper::recipe {

/// Stands for the chained bounds where values are not checked.
struct NoChecks {
  NoChecks& required() { return *this; }
  NoChecks& not_empty() { return *this; }
  NoChecks& above(double) { return *this; }
  NoChecks& below(double) { return *this; }
  NoChecks& at_least(double) { return *this; }
  NoChecks& at_most(double) { return *this; }
};

struct IgnoringVisitor {
  template <class T>
  NoChecks operator()(std::string_view, T&, std::string_view) {
    return {};
  }
};

/// A struct that declares fields.
template <class T>
concept Section = requires(T& section, IgnoringVisitor& visitor) {
  section.visit(visitor);
};

template <class T>
concept Choice = std::is_enum_v<T>;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;

template <class T>
inline constexpr bool kIsMap = false;
template <class T>
inline constexpr bool kIsMap<std::map<std::string, T>> = true;

/// "optimizer" and "lr": "optimizer.lr".
inline std::string join_key(std::string_view prefix, std::string_view key) {
  return prefix.empty() ? std::string(key) : std::string(prefix) + "." + std::string(key);
}

}  // namespace temper::recipe
