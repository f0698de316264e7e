#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace temper::data {

/// As Python's json.dumps(value, sort_keys=True) spells it: ", " and ": " between, ASCII only. MDS
/// files hold such texts, and their positions count its bytes.
std::string to_python_json(const nlohmann::json& value);

}  // namespace temper::data
