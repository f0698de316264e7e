#include "core/export/model_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <list>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.h"
#include "core/weights/safetensors.h"
#include "tests/support/temporary_directory.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;
using temper::testing::read_file;
using temper::testing::TemporaryDirectory;
using temper::testing::write_file;
using ::testing::HasSubstr;

class ModelExportTest : public ::testing::Test {
 protected:
  ModelExportTest() {
    model_.config_json = "{\"model_type\": \"llama\"}\n";
    model_.base = base_.path();
    model_.facts.title = "tiny";
    model_.facts.base_path = base_.path().string();
    add("model.embed_tokens.weight", {4, 3});
    add("model.norm.weight", {3});
    add("lm_head.weight", {4, 3});
    write_file(base_ / "tokenizer.json", "{\"version\": \"1.0\"}");
    write_file(base_ / "tokenizer_config.json", "{}");
    write_file(base_ / "model.safetensors", "the base's weights");
    write_file(base_ / "config.json", "the base's config");
  }

  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::size_t size = 1;
    for (const std::int64_t extent : shape) {
      size *= static_cast<std::size_t>(extent);
    }
    std::vector<float>& values = storage_.emplace_back(size);
    for (std::size_t i = 0; i < size; ++i) {
      values[i] = static_cast<float>(storage_.size()) + 0.25F * static_cast<float>(i);
    }
    model_.tensors.push_back({.name = name, .shape = shape, .values = values});
  }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  TemporaryDirectory base_;
  TemporaryDirectory root_;
  const fs::path folder_ = root_ / "model";
  std::list<std::vector<float>> storage_;
  ModelExport model_;
};

TEST_F(ModelExportTest, WritesAHuggingFaceFolder) {
  export_model(folder_, model_);
  EXPECT_EQ(files(), (std::set<std::string>{"README.md", "config.json", "export_check.json",
                                            "model.safetensors", "tokenizer.json",
                                            "tokenizer_config.json"}));
  EXPECT_EQ(read_file(folder_ / "config.json"), model_.config_json);
  EXPECT_EQ(read_file(folder_ / "tokenizer.json"), "{\"version\": \"1.0\"}");
  const weights::SafetensorsFile file(folder_ / "model.safetensors");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  ASSERT_NE(file.find("lm_head.weight"), nullptr);
  EXPECT_EQ(file.find("lm_head.weight")->shape, (std::vector<std::int64_t>{4, 3}));
  EXPECT_THAT(read_file(folder_ / "README.md"), HasSubstr("27 parameters"));
}

TEST_F(ModelExportTest, SplitsLargeModelsIntoIndexedShards) {
  model_.max_shard_bytes = 60;  // the first two tensors are 48 + 12 bytes
  export_model(folder_, model_);
  const auto index = nlohmann::json::parse(read_file(folder_ / "model.safetensors.index.json"));
  EXPECT_EQ(index["metadata"]["total_size"], 108);
  const std::string first = "model-00001-of-00002.safetensors";
  const std::string second = "model-00002-of-00002.safetensors";
  EXPECT_EQ(index["weight_map"], (nlohmann::json{{"model.embed_tokens.weight", first},
                                                 {"model.norm.weight", first},
                                                 {"lm_head.weight", second}}));
  EXPECT_EQ(weights::SafetensorsFile(folder_ / first).tensors().size(), 2U);
  EXPECT_EQ(weights::SafetensorsFile(folder_ / second).tensors().size(), 1U);
  EXPECT_EQ(files().count("model.safetensors"), 0U);
}

TEST_F(ModelExportTest, GivesATensorLargerThanAShardOneOfItsOwn) {
  model_.max_shard_bytes = 1;
  export_model(folder_, model_);
  EXPECT_EQ(weights::SafetensorsFile(folder_ / "model-00003-of-00003.safetensors").tensors().size(),
            1U);
}

TEST_F(ModelExportTest, ReplacesTheChatTemplate) {
  write_file(base_ / "chat_template.jinja", "old");
  export_model(folder_, model_);
  EXPECT_EQ(read_file(folder_ / "chat_template.jinja"), "old");
  write_file(root_ / "mine.jinja", "{{ messages }}");
  model_.chat_template = root_ / "mine.jinja";
  export_model(folder_, model_);
  EXPECT_EQ(read_file(folder_ / "chat_template.jinja"), "{{ messages }}");
}

TEST_F(ModelExportTest, TakesTheTokenizerFromBesideAConfigFile) {
  model_.base = base_ / "config.json";
  export_model(folder_, model_);
  EXPECT_EQ(files().count("tokenizer.json"), 1U);
}

TEST_F(ModelExportTest, SaysThatAGgufTokenizerCannotBeCopied) {
  write_file(base_ / "model.gguf", "GGUF");
  model_.base = base_ / "model.gguf";
  model_.facts.base_path = model_.base.string();
  export_model(folder_, model_);
  EXPECT_EQ(files(), (std::set<std::string>{"README.md", "config.json", "export_check.json",
                                            "model.safetensors"}));
  EXPECT_THAT(read_file(folder_ / "README.md"), HasSubstr("the base is a GGUF file"));
}

TEST_F(ModelExportTest, RefusesNonFiniteWeightsAndKeepsTheEarlierExport) {
  export_model(folder_, model_);
  const std::string earlier = read_file(folder_ / "model.safetensors");
  storage_.back()[2] = std::numeric_limits<float>::infinity();
  storage_.front()[0] = 100;
  EXPECT_THROW(export_model(folder_, model_), FatalError);
  EXPECT_EQ(read_file(folder_ / "model.safetensors"), earlier);
}

}  // namespace
}  // namespace temper::exporting
