#include "core/base/environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace temper {
namespace {

TEST(EnvironmentTest, ReadsThoseOfTheProcess) {
  ::setenv("TEMPER_TEST_VARIABLE", "a=b", 1);
  const Environment environment = Environment::from_process();
  ::unsetenv("TEMPER_TEST_VARIABLE");
  EXPECT_EQ(environment.get("TEMPER_TEST_VARIABLE"), "a=b");
  EXPECT_EQ(Environment::from_process().get("TEMPER_TEST_VARIABLE"), std::nullopt);
}

TEST(EnvironmentTest, EmptyIsNotAbsent) {
  const Environment environment(std::map<std::string, std::string>{{"A", ""}});
  EXPECT_EQ(environment.get("A"), "");
  EXPECT_EQ(environment.get("B"), std::nullopt);
}

TEST(EnvironmentTest, CacheFollowsTheFirstThatIsSet) {
  std::map<std::string, std::string> variables = {
      {"TEMPER_CACHE", "here"}, {"XDG_CACHE_HOME", "/xdg"}, {"HOME", "/home/x"}};
  EXPECT_EQ(Environment(variables).cache_directory(), "here");
  variables["TEMPER_CACHE"] = "";
  EXPECT_EQ(Environment(variables).cache_directory(), "/xdg/temper");
  variables["XDG_CACHE_HOME"] = "relative";
  EXPECT_EQ(Environment(variables).cache_directory(), "/home/x/.cache/temper");
  variables.erase("HOME");
  EXPECT_EQ(Environment(variables).cache_directory(), "/tmp/temper-" + std::to_string(::getuid()));
}

}  // namespace
}  // namespace temper
