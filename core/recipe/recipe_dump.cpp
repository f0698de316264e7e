#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/hash.h"
#include "core/recipe/field_writer.h"
#include "core/recipe/recipe_io.h"

namespace temper::recipe {
namespace {

template <class T>
std::string dump_fields(T values) {
  std::string text;
  FieldWriter writer(text);
  values.visit(writer);
  return text;
}

/// The keys with their values, without those that name, watch or save the run but don't change what
/// comes out of it.
FieldLister::Values list_deciding_values(Recipe recipe) {
  static constexpr std::array<std::string_view, 6> kWithoutEffect = {
      "name", "memory", "data.eval", "eval.", "checkpoint.", "publish."};
  FieldLister::Values values;
  FieldLister lister(values);
  recipe.visit(lister);
  std::erase_if(values, [](const auto& value) {
    return std::any_of(kWithoutEffect.begin(), kWithoutEffect.end(), [&](std::string_view key) {
      return key.ends_with('.') ? value.first.starts_with(key) : value.first == key;
    });
  });
  return values;
}

}  // namespace

std::string dump(const Recipe& recipe) {
  return dump_fields(recipe);
}

std::string dump(const Cluster& cluster) {
  return dump_fields(cluster);
}

std::string result_fingerprint(const Recipe& recipe) {
  std::string text;
  for (const auto& [key, value] : list_deciding_values(recipe)) {
    text += fmt::format("{}: {}\n", key, value);
  }
  return sha256_hex(text);
}

std::string describe_difference(const Recipe& old, const Recipe& now) {
  const FieldLister::Values before = list_deciding_values(old);
  const FieldLister::Values after = list_deciding_values(now);
  const auto shown = [](const std::string& value) { return value.empty() ? "unset" : value; };
  std::string text;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].second != after[i].second) {
      text += fmt::format("{}{}: {} → {}", text.empty() ? "" : "\n", before[i].first,
                          shown(before[i].second), shown(after[i].second));
    }
  }
  return text;
}

}  // namespace temper::recipe
