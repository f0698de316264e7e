#include "core/base/environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/error.h"

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

TEST(EnvironmentTest, CacheBytesTakeAUnit) {
  const auto bytes = [](const std::string& text) {
    return Environment(std::map<std::string, std::string>{{"TEMPER_CACHE_BYTES", text}})
        .cache_bytes();
  };
  EXPECT_EQ(Environment(std::map<std::string, std::string>{}).cache_bytes(),
            std::uint64_t{64} << 30);
  EXPECT_EQ(bytes(""), std::uint64_t{64} << 30);
  EXPECT_EQ(bytes("1000"), 1000U);
  EXPECT_EQ(bytes("3K"), 3072U);
  EXPECT_EQ(bytes("2T"), std::uint64_t{2} << 40);
  for (const char* wrong : {"G", "-1", "1.5G", "1GB", "99999999999999T", "many"}) {
    EXPECT_THROW(bytes(wrong), UserError) << wrong;
  }
}

}  // namespace
}  // namespace temper
