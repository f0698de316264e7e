#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/recipe/yaml_tree.h"

namespace temper::recipe {

/// The offset of the first byte that is not valid UTF-8 (Unicode 15, table 3-7), or nullopt.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// What the text as such, before any YAML, makes unreadable: more than kMaxYamlBytes, invalid
/// UTF-8, control characters (YAML forbids them; yaml-cpp would end the file at an 0x04). Or
/// nullopt.
std::optional<YamlProblem> check_yaml_text(std::string_view text);

/// Whether a quoted scalar that opens at offset `begin` is closed before the end of the text. True
/// if no quote opens there.
bool is_quote_closed(std::string_view text, std::size_t begin);

/// Whether line `line` (from 1) is indented with a tab.
bool is_indented_with_tab(std::string_view text, int line);

}  // namespace temper::recipe
