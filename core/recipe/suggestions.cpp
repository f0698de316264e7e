#include "core/recipe/suggestions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "core/base/spelling.h"
#include "core/recipe/field_kinds.h"
#include "core/recipe/foreign_names.h"

namespace temper::recipe {
namespace {

/// "optimizer.lr": "optimizer" and "lr".
std::string parent_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return std::string(dot == std::string_view::npos ? "" : key.substr(0, dot));
}

std::string leaf_of(std::string_view key) {
  return std::string(key.substr(key.rfind('.') + 1));
}

/// "data.train.0.path": "data.train[].path".
std::string without_indices(std::string_view key) {
  std::string result;
  std::size_t begin = 0;
  while (begin <= key.size()) {
    const std::size_t end = std::min(key.find('.', begin), key.size());
    const std::string_view part = key.substr(begin, end - begin);
    const bool index = !part.empty() && std::all_of(part.begin(), part.end(), [](unsigned char c) {
      return std::isdigit(c) != 0;
    });
    if (index && !result.empty()) {
      result += "[]";
    } else {
      result += fmt::format("{}{}", result.empty() ? "" : ".", part);
    }
    begin = end + 1;
  }
  return result;
}

/// The keys and sections right under `section`, each once.
std::vector<std::string> keys_in(std::string_view section,
                                 const std::vector<std::string>& known_keys) {
  const std::string prefix = section.empty() ? "" : std::string(section) + ".";
  std::vector<std::string> keys;
  for (const std::string& known : known_keys) {
    if (!known.starts_with(prefix)) {
      continue;
    }
    std::string key = known.substr(prefix.size());
    key = key.substr(0, key.find_first_of(".["));
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

KeySuggestion did_you_mean_one_of(std::vector<std::string> keys, std::string_view note = "") {
  return {
      fmt::format("did you mean {}?{}{}", fmt::join(keys, " or "), note.empty() ? "" : " ", note),
      std::move(keys)};
}

/// Known keys whose last part is `leaf`.
std::vector<std::string> same_leaf(std::string_view leaf,
                                   const std::vector<std::string>& known_keys) {
  std::vector<std::string> keys;
  for (const std::string& known : known_keys) {
    if (leaf_of(known) == leaf) {
      keys.push_back(known);
    }
  }
  return keys;
}

std::optional<KeySuggestion> suggest_foreign(std::string_view leaf,
                                             const std::vector<std::string>& known_keys) {
  const ForeignName* foreign = find_foreign_name(leaf);
  if (foreign == nullptr) {
    return std::nullopt;
  }
  if (foreign->key.empty()) {
    return KeySuggestion{std::string(foreign->note), {}};
  }
  if (std::find(known_keys.begin(), known_keys.end(), foreign->key) == known_keys.end()) {
    return std::nullopt;  // of the other kind of file
  }
  return did_you_mean_one_of({std::string(foreign->key)}, foreign->note);
}

}  // namespace

KeySuggestion suggest_key(std::string_view key, const std::vector<std::string>& known_keys) {
  const std::string path = without_indices(key);
  const std::string section = parent_of(path);
  const std::string leaf = leaf_of(path);

  constexpr std::size_t kMostCandidates = 3;
  const std::vector<std::string> same = same_leaf(leaf, known_keys);
  if (!same.empty() && same.size() <= kMostCandidates) {
    return did_you_mean_one_of(same);
  }
  if (std::optional<KeySuggestion> foreign = suggest_foreign(leaf, known_keys)) {
    return *std::move(foreign);
  }
  const std::vector<std::string> here = keys_in(section, known_keys);
  if (const std::optional<std::string> near = closest_name(leaf, here)) {
    return did_you_mean_one_of({join_key(parent_of(key), *near)});
  }
  std::vector<std::string> leaves;
  std::transform(known_keys.begin(), known_keys.end(), std::back_inserter(leaves), leaf_of);
  if (const std::optional<std::string> near = closest_name(leaf, leaves)) {
    return did_you_mean_one_of(same_leaf(*near, known_keys));
  }
  return {fmt::format("the keys here are {}", fmt::join(here, ", ")), {}};
}

std::string nearest_choice(std::string_view text, const std::vector<std::string>& choices) {
  if (const std::optional<std::string> near = closest_name(text, choices)) {
    return *near;
  }
  const auto prefix = std::find_if(choices.begin(), choices.end(), [&](const std::string& choice) {
    return text.starts_with(choice);
  });
  return prefix == choices.end() ? std::string() : *prefix;
}

}  // namespace temper::recipe
