#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace temper::launch {

/// What `--json` prints: one object on one line, without the line's end. Texts that are no UTF-8
/// (paths, what other programs said) have U+FFFD in place of what isn't.
std::string json_line(const nlohmann::ordered_json& object);

}  // namespace temper::launch
