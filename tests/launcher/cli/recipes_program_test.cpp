#include <gmock/gmock.h>

#include <filesystem>

#include "tests/launcher/cli/program.h"

/// The recipes that the repository ships, without the models that they name.
namespace temper::launch {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> shipped_recipes() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TEMPER_SOURCE_DIR "/recipes")) {
    if (entry.path().extension() == ".yaml") {
      names.push_back(entry.path().stem().string());
    }
  }
  return names;
}

class ShippedRecipeTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::string file() const {
    return std::string(TEMPER_SOURCE_DIR "/recipes/") + GetParam() + ".yaml";
  }
};

TEST_P(ShippedRecipeTest, CanBePlannedWithoutItsModel) {
  Program program;
  const ProgramResult result = program.temper({"plan", file(), "--without-model"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr(FAKE_TRAINER_PROGRAM " --run "));
}

TEST_P(ShippedRecipeTest, SaysWhichModelIsMissing) {
  Program program;
  const std::string absent = program.file("no-model").string();
  const ProgramResult result = program.temper({"plan", file(), "--set", "model.base=" + absent});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("base model not found at " + absent));
}

INSTANTIATE_TEST_SUITE_P(All, ShippedRecipeTest, ::testing::ValuesIn(shipped_recipes()),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase_if(name, [](char c) { return std::isalnum(c) == 0; });
                           return name;
                         });

}  // namespace
}  // namespace temper::launch
