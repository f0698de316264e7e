#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace temper::recipe {

struct KeySuggestion {
  std::string advice;             ///< "did you mean optimizer.lr?", or the keys there are
  std::vector<std::string> keys;  ///< what the advice names as meant, if anything
};

/// The best guess for a key that isn't one of `known_keys` (full keys; "data.train[].path" inside a
/// list). In this order: the same name in another section, another framework's name
/// (foreign_names.h), a near spelling in the same section, a near spelling anywhere.
KeySuggestion suggest_key(std::string_view key, const std::vector<std::string>& known_keys);

/// What `text` probably meant of `choices`, or empty: a near spelling, or a choice that it begins
/// with ("adamw_torch": adamw).
std::string nearest_choice(std::string_view text, const std::vector<std::string>& choices);

}  // namespace temper::recipe
