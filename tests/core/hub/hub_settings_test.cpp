#include "core/hub/hub_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper::hub {
namespace {

using temper::testing::TemporaryDirectory;
using temper::testing::write_file;
using ::testing::HasSubstr;
using ::testing::Not;

HubSettings settings_of(const std::map<std::string, std::string>& variables) {
  return hub_settings_from(Environment(variables));
}

TEST(HubSettingsTest, HasPythonsDefaults) {
  const HubSettings settings = settings_of({{"HOME", "/nowhere"}});
  EXPECT_EQ(settings.endpoint, "https://huggingface.co");
  EXPECT_EQ(settings.cache, "/nowhere/.cache/huggingface/hub");
  EXPECT_TRUE(settings.token.empty());
  EXPECT_FALSE(settings.offline);
}

TEST(HubSettingsTest, FindsTheCacheInPythonsOrder) {
  std::map<std::string, std::string> variables = {{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}};
  EXPECT_EQ(settings_of(variables).cache, "/x/huggingface/hub");
  variables["HF_HOME"] = "~/hf";
  EXPECT_EQ(settings_of(variables).cache, "/h/hf/hub");
  variables["HF_HUB_CACHE"] = "/c";
  EXPECT_EQ(settings_of(variables).cache, "/c");
  EXPECT_THROW(settings_of({}), UserError);
}

TEST(HubSettingsTest, FindsTheTokenInPythonsOrder) {
  const TemporaryDirectory folder;
  write_file(folder / "token", "hf_of_home\n");
  write_file(folder / "other", "  hf_of_path \n");
  std::map<std::string, std::string> variables = {{"HF_HOME", folder.path().string()}};
  EXPECT_EQ(settings_of(variables).token.authorization(), "Bearer hf_of_home");
  EXPECT_EQ(settings_of(variables).token.source(), (folder / "token").string());
  variables["HF_TOKEN_PATH"] = (folder / "other").string();
  EXPECT_EQ(settings_of(variables).token.authorization(), "Bearer hf_of_path");
  variables["HF_TOKEN"] = "hf_of_variable\n";
  EXPECT_EQ(settings_of(variables).token.authorization(), "Bearer hf_of_variable");
  EXPECT_EQ(settings_of(variables).token.source(), "HF_TOKEN");
}

TEST(HubSettingsTest, ShowsNoPartOfABadToken) {
  try {
    settings_of({{"HOME", "/h"}, {"HF_TOKEN", "hf_secret\nX-Evil: 1"}});
    FAIL();
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("HF_TOKEN"));
    EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
  }
}

TEST(HubSettingsTest, ReadsTruthAsPythonDoes) {
  for (const std::string yes : {"1", "on", "Yes", "TRUE"}) {
    EXPECT_TRUE(settings_of({{"HOME", "/h"}, {"HF_HUB_OFFLINE", yes}}).offline);
  }
  EXPECT_FALSE(settings_of({{"HOME", "/h"}, {"HF_HUB_OFFLINE", "0"}}).offline);
  EXPECT_TRUE(settings_of({{"HOME", "/h"}, {"TRANSFORMERS_OFFLINE", "1"}}).offline);
}

TEST(HubSettingsTest, ChecksTheEndpoint) {
  EXPECT_EQ(settings_of({{"HOME", "/h"}, {"HF_ENDPOINT", "http://mirror:8080/"}}).endpoint,
            "http://mirror:8080");
  EXPECT_THROW(settings_of({{"HOME", "/h"}, {"HF_ENDPOINT", "mirror"}}), UserError);
}

}  // namespace
}  // namespace temper::hub
