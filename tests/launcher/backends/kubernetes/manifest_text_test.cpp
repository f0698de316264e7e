#include "launcher/backends/kubernetes/manifest_text.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <set>

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;

TEST(ManifestTextTest, WritesBlocks) {
  EXPECT_EQ(to_yaml({{"a", {{"b", 1}, {"c", Json::array({"x", "y z"})}}}, {"d", Json::array()}}),
            "a:\n  b: 1\n  c:\n  - x\n  - \"y z\"\nd: []\n");
  EXPECT_EQ(to_yaml({{"list", Json::array({{{"name", "w"}, {"deep", {{"k", true}}}}})}}),
            "list:\n- name: w\n  deep:\n    k: true\n");
}

TEST(ManifestTextTest, TextsStayTexts) {
  for (const char* text :
       {"1",           "true", "No",  "null", "",   " a", "a: b", "- a", "a #b", "\"q\"",
        "line\nbreak", "1e3",  "0x1", "~",    "*a", "&a", "ü",    "=",   "on",   "a:b"}) {
    const YAML::Node read = YAML::Load(to_yaml({{"key", text}}));
    EXPECT_EQ(read["key"].as<std::string>(), text);
    EXPECT_TRUE(std::string(text) != "1" || read["key"].Tag() == "!") << "quoted";
  }
}

TEST(ManifestTextTest, AJobNameIsADnsLabel) {
  EXPECT_EQ(job_name("tiny-0a1b2c3d"), "tiny-0a1b2c3d");
  const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  std::set<std::string> names;
  const std::vector<std::string> ids = {"tiny-0a1b2c3d",
                                        "Tiny-0a1b2c3d",
                                        "tiny.x-0a1b2c3d",
                                        "tiny_x-0a1b2c3d",
                                        "7b-0a1b2c3d",
                                        "-",
                                        "",
                                        std::string(100, 'x') + "-0a1b2c3d",
                                        std::string(101, 'x') + "-0a1b2c3d",
                                        "sweep-lr-1e-4-rank-8-and-more-of-it-0a1b2c3d"};
  for (const std::string& id : ids) {
    const std::string name = job_name(id);
    EXPECT_LE(name.size(), 40U) << name;
    EXPECT_EQ(name.find_first_not_of(letters), std::string::npos) << name;
    EXPECT_TRUE(std::isalpha(static_cast<unsigned char>(name.front()))) << name;
    EXPECT_NE(name.back(), '-') << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), ids.size());
}

}  // namespace
}  // namespace temper::launch
