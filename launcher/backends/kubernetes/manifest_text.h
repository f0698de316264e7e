#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "launcher/backends/job_name.h"

namespace temper::launch {

/// An object as YAML in block form, two spaces a level, keys in their order. Texts that YAML could
/// take for something else are quoted as JSON texts, which YAML 1.2 reads the same. Pure.
std::string to_yaml(const nlohmann::ordered_json& object);

}  // namespace temper::launch
