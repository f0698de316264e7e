#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/core/recipe/minimal_recipe.h"
#include "tests/support/temporary_directory.h"

namespace temper::recipe {
namespace {

std::filesystem::path source(const std::string& path) {
  return std::filesystem::path(TEMPER_SOURCE_DIR) / path;
}

std::vector<std::string> yaml_files(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(source(folder))) {
    if (entry.path().extension() == ".yaml") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(ShippedFilesTest, EveryRecipeReads) {
  const Environment environment = testing::no_variables();
  const std::vector<std::string> names = yaml_files("recipes");
  EXPECT_EQ(names,
            (std::vector<std::string>{"from-scratch", "full-finetune", "llama2-7b-chat-lora",
                                      "llama3.1-8b-lora", "quickstart", "smollm2-debian-lora"}));
  for (const std::string& name : names) {
    const Recipe recipe = read_recipe(source("recipes/" + name + ".yaml"), {}, &environment);
    EXPECT_EQ(parse_recipe(dump(recipe), name, {}, &environment), recipe) << name;
  }
}

TEST(ShippedFilesTest, EveryRecipeBeginsWithAComment) {
  for (const std::string& name : yaml_files("recipes")) {
    const std::string text = ::temper::testing::read_file(source("recipes/" + name + ".yaml"));
    EXPECT_TRUE(text.starts_with("# ")) << name;
  }
}

TEST(ShippedFilesTest, EveryClusterFileReads) {
  const Environment environment = testing::variables({{"HOME", "/home/me"},
                                                      {"TEMPER_RUNS", "gs://b/runs"},
                                                      {"TEMPER_IMAGE", "r/temper@sha256:0"},
                                                      {"TEMPER_PROJECT", "p"}});
  EXPECT_EQ(read_cluster(source("configs/local.yaml"), {}, &environment), Cluster{});
  for (const std::string& name : yaml_files("configs")) {
    const Cluster cluster = read_cluster(source("configs/" + name + ".yaml"), {}, &environment);
    EXPECT_TRUE(name.starts_with(name_of(cluster.kind)) ||
                (name.starts_with("gke-") && cluster.kind == ClusterKind::kKubernetes))
        << name;
    EXPECT_EQ(parse_cluster(dump(cluster), name, {}, &environment), cluster) << name;
  }
}

TEST(ShippedFilesTest, TheTinyModelHasWhatAConfigNeeds) {
  const auto config = nlohmann::json::parse(
      ::temper::testing::read_file(source("recipes/models/tiny-llama/config.json")));
  EXPECT_EQ(config.at("model_type"), "llama");
  EXPECT_EQ(config.at("hidden_size").get<int>(),
            config.at("num_attention_heads").get<int>() * config.at("head_dim").get<int>());
}

}  // namespace
}  // namespace temper::recipe
