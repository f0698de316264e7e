#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/recipe/field_kinds.h"
#include "core/recipe/recipe_io.h"
#include "core/recipe/value_text.h"

namespace temper::recipe {
namespace {

/// What a value of type T is called in the reference.
template <class T>
struct TypeName {
  static std::string get() {
    std::vector<std::string_view> names;
    for (const auto& choice : Choices<T>::kNames) {
      names.push_back(choice.second);
    }
    return fmt::format("{}{}", names.size() > 1 ? "one of " : "", fmt::join(names, ", "));
  }
};
template <>
struct TypeName<std::string> {
  static std::string get() { return "text"; }
};
template <>
struct TypeName<std::int64_t> {
  static std::string get() { return "integer"; }
};
template <>
struct TypeName<double> {
  static std::string get() { return "number"; }
};
template <>
struct TypeName<bool> {
  static std::string get() { return "true or false"; }
};
template <>
struct TypeName<Targets> {
  static std::string get() { return "text or list of text"; }
};
template <Section T>
struct TypeName<T> {
  static std::string get() { return "mapping"; }
};
template <class T>
struct TypeName<std::optional<T>> {
  static std::string get() { return TypeName<T>::get(); }
};
template <class T>
struct TypeName<std::vector<T>> {
  static std::string get() {
    return fmt::format("list of {}{}", TypeName<T>::get(), Section<T> ? "s" : "");
  }
};
template <>
struct TypeName<std::vector<double>> {
  static std::string get() { return "list of numbers"; }
};
template <class T>
struct TypeName<std::map<std::string, T>> {
  static std::string get() { return fmt::format("mapping to {}", TypeName<T>::get()); }
};

/// Writes the chained bounds into the entry of the field.
class BoundsText {
 public:
  BoundsText(std::vector<KeyReference>& entries, std::size_t index)
      : entries_(entries), index_(index) {}

  BoundsText& required() {
    if (index_ < entries_.size()) {
      entries_[index_].default_value = "required";
    }
    return *this;
  }
  BoundsText& not_empty() { return add("not empty"); }
  BoundsText& above(double bound) { return add(fmt::format("> {}", bound)); }
  BoundsText& below(double bound) { return add(fmt::format("< {}", bound)); }
  BoundsText& at_least(double bound) { return add(fmt::format("≥ {}", bound)); }
  BoundsText& at_most(double bound) { return add(fmt::format("≤ {:.0f}", bound)); }

 private:
  BoundsText& add(const std::string& bound) {
    if (index_ < entries_.size()) {
      std::string& bounds = entries_[index_].bounds;
      bounds += (bounds.empty() ? "" : ", ") + bound;
    }
    return *this;
  }

  std::vector<KeyReference>& entries_;
  std::size_t index_;  // of no entry for a section
};

/// The visitor that makes an entry a key.
class KeyLister {
 public:
  explicit KeyLister(std::vector<KeyReference>& entries, std::string prefix = {})
      : entries_(entries), prefix_(std::move(prefix)) {}

  template <class T>
  BoundsText operator()(std::string_view key, T& member, std::string_view help) {
    const std::string full_key = join_key(prefix_, key);
    const std::size_t index = entries_.size();
    if constexpr (Section<T>) {
      list_section(member, full_key);
      return {entries_, static_cast<std::size_t>(-1)};
    } else {
      std::string value = print_value(member);
      entries_.push_back({full_key, TypeName<T>::get(), value.empty() ? "unset" : std::move(value),
                          "", std::string(help)});
      list_items(member, full_key);
      return {entries_, index};
    }
  }

 private:
  template <class T>
  void list_section(T& section, const std::string& key) {
    KeyLister inner(entries_, key);
    section.visit(inner);
  }

  template <class T>
  void list_items(const T&, const std::string&) {}

  template <Section T>
  void list_items(const std::vector<T>&, const std::string& key) {
    T item;
    list_section(item, key + "[]");
  }

  std::vector<KeyReference>& entries_;
  std::string prefix_;
};

template <class T>
std::vector<KeyReference> list_keys() {
  std::vector<KeyReference> entries;
  KeyLister lister(entries);
  T defaults;
  defaults.visit(lister);
  return entries;
}

}  // namespace

std::vector<KeyReference> recipe_keys() {
  return list_keys<Recipe>();
}

std::vector<KeyReference> cluster_keys() {
  return list_keys<Cluster>();
}

}  // namespace temper::recipe
