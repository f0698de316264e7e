#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace temper {

/// The number of inserted, deleted, changed and swapped neighbouring letters that lead from one
/// word to the other (optimal string alignment distance). Bytes, not code points.
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The candidate that was probably meant by `name`: the closest (the first of several), case aside,
/// if it is at most a third of the name's letters away (one letter for short names).
std::optional<std::string> closest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

/// " (did you mean 'x'?)" for messages, or "" if nothing is close.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace temper
