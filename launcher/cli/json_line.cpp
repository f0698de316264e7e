#include "launcher/cli/json_line.h"

#include <nlohmann/json.hpp>

namespace temper::launch {

std::string json_line(const nlohmann::ordered_json& object) {
  constexpr int kOneLine = -1;
  return object.dump(kOneLine, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace temper::launch
