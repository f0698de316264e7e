#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/recipe/recipe_io.h"

namespace temper::recipe::testing {

/// The smallest recipe that reads; tests add what they are about, as text or as --set.
inline const std::string kMinimal =
    "name: x\n"
    "model: {base: m.gguf}\n"
    "data: {train: a.jsonl}\n"
    "duration: {steps: 100}\n";

inline Environment variables(const std::map<std::string, std::string>& values) {
  return Environment(values);
}

inline Environment no_variables() {
  return variables({});
}

inline Recipe parse_minimal(const std::vector<std::string>& overrides = {}) {
  const Environment environment =
      variables({{"HOME_OF_DATA", "/data"}, {"DOLLARS", "${env:HOME_OF_DATA}"}});
  return parse_recipe(kMinimal, "minimal.yaml", overrides, &environment);
}

/// The message of the UserError, or "no error".
inline std::string error_of(const std::vector<std::string>& overrides) {
  try {
    parse_minimal(overrides);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

inline std::string error_of_text(const std::string& yaml) {
  const Environment environment = no_variables();
  try {
    parse_recipe(yaml, "test.yaml", {}, &environment);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace temper::recipe::testing
