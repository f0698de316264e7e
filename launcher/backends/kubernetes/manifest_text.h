#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace temper::launch {

/// An object as YAML in block form, two spaces a level, keys in their order. Texts that YAML could
/// take for something else are quoted as JSON texts, which YAML 1.2 reads the same. Pure.
std::string to_yaml(const nlohmann::ordered_json& object);

/// A run's name in Kubernetes: a DNS label (RFC 1123) of at most 40 characters that begins with a
/// letter, the run's id at its end. Runs with different ids get different names.
std::string job_name(const std::string& run_id);

}  // namespace temper::launch
