#include "core/recipe/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/recipe/suggestions.h"

namespace temper::recipe {
namespace {

/// Whether `inner` is `outer` or inside it.
bool is_within(std::string_view inner, std::string_view outer) {
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '.');
}

}  // namespace

Reading::Reading(std::string origin, const Environment& environment,
                 std::vector<std::string> known_keys)
    : findings_(std::move(origin)), environment_(environment), known_keys_(std::move(known_keys)) {}

void Reading::fail_document(const Place& place, std::string_view message) {
  findings_.add(place, "", message);
}

void Reading::fail(const std::string& key, const Place& place, std::string_view message) {
  findings_.add(place, key, message);
  failed_.insert(key);
}

void Reading::fail_missing(const std::string& key, const Place& place, std::string_view help) {
  missing_.push_back({key, place, fmt::format("is missing, add it: {}", help)});
}

void Reading::fail_unknown(const std::string& key, const Place& place) {
  const KeySuggestion suggestion = suggest_key(key, known_keys_);
  findings_.add(place, key, fmt::format("unknown key; {}", suggestion.advice));
  failed_.insert(suggestion.keys.begin(), suggestion.keys.end());
}

bool Reading::sound(std::initializer_list<std::string_view> keys) const {
  return std::none_of(keys.begin(), keys.end(), [&](std::string_view key) {
    return std::any_of(failed_.begin(), failed_.end(), [&](const std::string& failed) {
      return is_within(failed, key) || is_within(key, failed);
    });
  });
}

void Reading::fail_rule(std::initializer_list<std::string_view> keys, std::string_view message) {
  Place place;
  for (const std::string_view key : keys) {
    if (const auto found = places_.find(key); found != places_.end()) {
      place = found->second;
      break;
    }
  }
  findings_.add(place, *keys.begin(), message);
}

void Reading::throw_if_any() {
  for (const Missing& missing : missing_) {
    if (sound({missing.key})) {
      findings_.add(missing.place, missing.key, missing.message);
    }
  }
  findings_.throw_if_any();
}

}  // namespace temper::recipe
