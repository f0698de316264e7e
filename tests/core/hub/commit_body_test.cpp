#include "core/hub/commit_body.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace temper::hub {
namespace {

using nlohmann::json;

std::vector<json> lines_of(const std::string& body) {
  std::vector<json> lines;
  std::istringstream stream(body);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(json::parse(line));
  }
  return lines;
}

TEST(CommitBodyTest, HasAHeaderThenALineAFile) {
  const std::string content = "a\n\xff";
  const std::vector<CommitFile> files = {
      {"README.md", std::as_bytes(std::span(content)), {}},
      {"adapter_model.safetensors", {}, LfsObject{std::string(64, 'a'), 12}}};
  const auto lines =
      lines_of(commit_body({"Upload", "first\nsecond", std::string(40, 'b')}, files));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], (json{{"key", "header"},
                            {"value",
                             {{"summary", "Upload"},
                              {"description", "first\nsecond"},
                              {"parentCommit", std::string(40, 'b')}}}}));
  EXPECT_EQ(
      lines[1],
      (json{{"key", "file"},
            {"value", {{"path", "README.md"}, {"encoding", "base64"}, {"content", "YQr/"}}}}));
  EXPECT_EQ(lines[2], (json{{"key", "lfsFile"},
                            {"value",
                             {{"path", "adapter_model.safetensors"},
                              {"algo", "sha256"},
                              {"oid", std::string(64, 'a')},
                              {"size", 12}}}}));
}

TEST(CommitBodyTest, AMessageThatIsNotUtf8StillMakesABody) {
  const auto lines = lines_of(commit_body({"\xff", "", ""}, {}));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_FALSE(lines[0]["value"].contains("parentCommit"));
}

}  // namespace
}  // namespace temper::hub
