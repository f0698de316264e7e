#include "core/data/mds/python_json.h"

#include <nlohmann/json.hpp>

namespace temper::data {

std::string to_python_json(const nlohmann::json& value) {
  constexpr int kCompact = -1;
  const auto spell = [](const nlohmann::json& plain) {
    return plain.dump(kCompact, ' ', /*ensure_ascii=*/true);
  };
  if (!value.is_structured()) {
    return spell(value);
  }
  std::string out;
  for (const auto& [key, item] : value.items()) {  // objects are sorted by key
    out += out.empty() ? "" : ", ";
    out += value.is_object() ? spell(key) + ": " : "";
    out += to_python_json(item);
  }
  return value.is_object() ? "{" + out + "}" : "[" + out + "]";
}

}  // namespace temper::data
