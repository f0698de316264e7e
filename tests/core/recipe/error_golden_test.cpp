#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/core/recipe/minimal_recipe.h"
#include "tests/support/golden.h"
#include "tests/support/temporary_directory.h"

/// Every tests/golden/recipes/error.*.yaml is refused with exactly the message in its .golden.
namespace temper::recipe {
namespace {

std::filesystem::path folder() {
  return std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/golden/recipes";
}

std::vector<std::string> bad_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("error.") && name.ends_with(".yaml")) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_bad(const std::string& name) {
  const std::string text = ::temper::testing::read_file(folder() / name);
  const Environment environment = testing::variables({{"NOT_UTF8", "\xFF"}, {"LR", "1e-4"}});
  try {
    if (name.starts_with("error.cluster")) {
      parse_cluster(text, name, {}, &environment);
    } else {
      parse_recipe(text, name, {}, &environment);
    }
  } catch (const UserError& error) {
    return std::string(error.what()) + "\n";
  }
  return "no error\n";
}

class ErrorGoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ErrorGoldenTest, HasTheMessageInItsGolden) {
  const std::string message = read_bad(GetParam());
  EXPECT_NE(message, "no error\n");
  const std::string stem = GetParam().substr(0, GetParam().rfind('.'));
  ::temper::testing::expect_golden("recipes/" + stem + ".golden", message);
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(6, info.param.size() - 11);
  std::replace(name.begin(), name.end(), '-', '_');
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, ErrorGoldenTest, ::testing::ValuesIn(bad_files()), test_name);

}  // namespace
}  // namespace temper::recipe
