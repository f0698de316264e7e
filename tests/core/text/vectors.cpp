#include "tests/core/text/vectors.h"

#include <sstream>

#include "tests/support/temporary_directory.h"

namespace temper::text {

std::string golden_path(const std::string& name) {
  return std::string(TEMPER_SOURCE_DIR) + "/tests/golden/text/" + name;
}

std::vector<nlohmann::ordered_json> golden_lines(const std::string& name) {
  std::istringstream in(testing::read_file(golden_path(name)));
  std::vector<nlohmann::ordered_json> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(nlohmann::ordered_json::parse(line));
  }
  return lines;
}

std::string small_tokenizer_json(const nlohmann::ordered_json& changes) {
  auto file = nlohmann::ordered_json::parse(testing::read_file(golden_path("tokenizer.json")));
  for (const auto& [key, value] : changes.items()) {
    if (key == "model") {
      file["model"].update(value);
    } else {
      file[key] = value;
    }
  }
  return file.dump();
}

}  // namespace temper::text
