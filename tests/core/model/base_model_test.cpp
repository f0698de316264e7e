#include "core/model/base_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/parameters.h"
#include "tests/core/model/tiny_models.h"
#include "tests/support/temporary_directory.h"

namespace temper::model {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;
using ::testing::ThrowsMessage;
using testing::tiny_config;
using testing::tiny_weights;
using testing::write_file;

void expect_weights(const BaseModel& model, const testing::TinyWeights& expected) {
  for (const Parameter& parameter : list_parameters(model.config())) {
    std::vector<float> values(static_cast<std::size_t>(parameter.num_elements()));
    model.load_float32(parameter.name, values);
    EXPECT_EQ(values, expected.at(parameter.name)) << parameter.name;
    const std::span<const float> mapped = model.map_float32(parameter.name);
    if (!mapped.empty()) {
      EXPECT_EQ(std::vector<float>(mapped.begin(), mapped.end()), values) << parameter.name;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(mapped.data()) % alignof(float), 0U)
          << parameter.name;
    }
  }
}

std::string same(const std::string& name) {
  return name;
}

// Shapes of the architecture that change which tensors there are.
class BaseModelFormsTest : public ::testing::TestWithParam<bool> {
 protected:
  static ModelConfig config() {
    ModelConfig config = tiny_config();
    config.tied_embeddings = GetParam();
    config.attention_bias = GetParam();
    config.mlp_bias = GetParam();
    return config;
  }
};

TEST_P(BaseModelFormsTest, AFolderGivesItsWeights) {
  const TemporaryDirectory folder;
  testing::write_tiny_folder(folder.path(), config());
  const auto model = BaseModel::open(folder.path());
  EXPECT_FALSE(model->is_gguf());
  EXPECT_EQ(model->path(), folder.path());
  expect_weights(*model, tiny_weights(config()));
}

TEST_P(BaseModelFormsTest, EveryTensorOfAFloat32FolderIsUsedInPlace) {
  const TemporaryDirectory folder;
  testing::write_tiny_folder(folder.path(), config());
  const auto model = BaseModel::open(folder.path());
  for (const Parameter& parameter : list_parameters(model->config())) {
    EXPECT_FALSE(model->map_float32(parameter.name).empty()) << parameter.name;
  }
}

TEST_P(BaseModelFormsTest, AGgufFileGivesTheSameWeights) {
  const TemporaryDirectory folder;
  write_file(folder / "m.gguf", testing::tiny_gguf(config()).build());
  const auto model = BaseModel::open(folder / "m.gguf");
  EXPECT_TRUE(model->is_gguf());
  EXPECT_EQ(model->config().tied_embeddings, GetParam());
  EXPECT_EQ(model->config().attention_bias, GetParam());
  EXPECT_EQ(model->config().mlp_bias, GetParam());
  expect_weights(*model, tiny_weights(config()));
  EXPECT_TRUE(model->map_float32("model.layers.0.self_attn.q_proj.weight").empty());
}

INSTANTIATE_TEST_SUITE_P(Forms, BaseModelFormsTest, ::testing::Bool(), [](const auto& test) {
  return test.param ? "TiedWithBiases" : "UntiedWithoutBiases";
});

TEST(BaseModelTest, ShardsAreOneModel) {
  const TemporaryDirectory folder;
  const ModelConfig config = tiny_config();
  const auto weights = tiny_weights(config);
  std::string map;
  for (const Parameter& parameter : list_parameters(config)) {
    const bool second = parameter.name.starts_with("model.layers.1.");
    map += (map.empty() ? "\"" : ",\"") + parameter.name + "\":\"" + (second ? "b" : "a") +
           ".safetensors\"";
  }
  const auto part = [&](bool second) {
    return testing::tiny_safetensors(config, weights, [second](const std::string& name) {
      return name.starts_with("model.layers.1.") == second ? name : "";
    });
  };
  write_file(folder / "config.json", config_json(config));
  write_file(folder / "a.safetensors", part(false));
  write_file(folder / "model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
  EXPECT_THAT([&] { BaseModel::open(folder.path()); },
              ThrowsMessage<UserError>(AllOf(HasSubstr("b.safetensors: the shard is missing"),
                                             HasSubstr("'model.layers.1."))));
  write_file(folder / "b.safetensors", part(false));
  EXPECT_THAT([&] { BaseModel::open(folder.path()); },
              ThrowsMessage<UserError>(AllOf(HasSubstr("b.safetensors: tensor 'model.layers.1."),
                                             HasSubstr("is missing"))));
  write_file(folder / "b.safetensors", part(true));
  expect_weights(*BaseModel::open(folder.path()), weights);
}

TEST(BaseModelTest, AnIndexMayNotLeaveTheFolder) {
  const TemporaryDirectory folder;
  write_file(folder / "config.json", config_json(tiny_config()));
  for (const char* shard : {"../a.safetensors", "/etc/passwd", "..", "", "sub/a.safetensors"}) {
    write_file(folder / "model.safetensors.index.json",
               std::string(R"({"weight_map":{"t":")") + shard + "\"}}");
    EXPECT_THAT([&] { BaseModel::open(folder.path()); },
                ThrowsMessage<UserError>(HasSubstr("must be a file in the same folder")));
  }
  for (const char* index : {"", "[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{"t":1}})"}) {
    write_file(folder / "model.safetensors.index.json", index);
    EXPECT_THAT([&] { BaseModel::open(folder.path()); },
                ThrowsMessage<UserError>(HasSubstr("model.safetensors.index.json: ")));
  }
}

TEST(BaseModelTest, NamesWithoutThePrefixAreRead) {
  const TemporaryDirectory folder;
  ModelConfig config = tiny_config();
  config.tied_embeddings = true;
  write_file(folder / "config.json", config_json(config));
  write_file(folder / "model.safetensors",
             testing::tiny_safetensors(config, tiny_weights(config), [](const std::string& name) {
               return name.substr(std::string("model.").size());
             }));
  expect_weights(*BaseModel::open(folder.path()), tiny_weights(config));
}

TEST(BaseModelTest, ATiedModelsOwnHeadIsPassedOver) {
  const TemporaryDirectory folder;
  ModelConfig config = tiny_config();
  testing::write_tiny_folder(folder.path(), config);  // with a head of its own
  config.tied_embeddings = true;
  write_file(folder / "config.json", config_json(config));
  const auto model = BaseModel::open(folder.path());
  EXPECT_TRUE(model->config().tied_embeddings);
  expect_weights(*model, tiny_weights(config));
}

TEST(BaseModelTest, MissingMisshapenAndUnknownTensorsAreNamed) {
  const TemporaryDirectory folder;
  const ModelConfig config = tiny_config();
  const auto write_named = [&](const std::string& from, const std::string& to) {
    write_file(folder / "config.json", config_json(config));
    write_file(folder / "model.safetensors",
               testing::tiny_safetensors(config, tiny_weights(config), [&](const auto& name) {
                 return name == from ? to : name;
               }));
  };
  const auto open = [&] { BaseModel::open(folder.path()); };
  write_named("model.layers.1.mlp.up_proj.weight", "");
  EXPECT_THAT(open, ThrowsMessage<UserError>(HasSubstr(
                        "tensor 'model.layers.1.mlp.up_proj.weight' [12, 8] is missing")));
  write_named("lm_head.weight", "");
  EXPECT_THAT(open,
              ThrowsMessage<UserError>(HasSubstr("tensor 'lm_head.weight' [6, 8] is missing")));
  testing::write_tiny_folder(folder.path(), config);
  ModelConfig other = config;
  other.intermediate_size = 10;
  write_file(folder / "config.json", config_json(other));
  EXPECT_THAT(open, ThrowsMessage<UserError>(HasSubstr(
                        "tensor 'model.layers.0.mlp.gate_proj.weight' has the shape [12, 8], the "
                        "config asks for [10, 8]")));
  other = config;
  other.num_layers = 1;
  write_file(folder / "config.json", config_json(other));
  EXPECT_THAT(open, ThrowsMessage<UserError>(AllOf(HasSubstr("tensor 'model.layers.1."),
                                                   HasSubstr("is no part of a llama model"))));
}

TEST(BaseModelTest, IntegerWeightsAreRefused) {
  const TemporaryDirectory folder;
  const ModelConfig config = tiny_config();
  write_file(folder / "config.json", config_json(config));
  std::string image = testing::tiny_safetensors(config, tiny_weights(config), same);
  const std::string::size_type dtype = image.find("\"F32\"");
  image.replace(dtype, 5, "\"I32\"");
  write_file(folder / "model.safetensors", image);
  EXPECT_THAT([&] { BaseModel::open(folder.path()); },
              ThrowsMessage<UserError>(HasSubstr("is stored as I32, which is not supported")));
}

TEST(BaseModelTest, PathsThatAreNoModelSaySo) {
  const TemporaryDirectory folder;
  const auto open = [](const std::filesystem::path& path) {
    return [path] { BaseModel::open(path); };
  };
  EXPECT_THAT(open(folder / "no"), ThrowsMessage<UserError>(HasSubstr("no such file or folder")));
  EXPECT_THAT(open(folder.path()), ThrowsMessage<UserError>(HasSubstr("has no config.json")));
  write_file(folder / "x.bin", "x");
  EXPECT_THAT(open(folder / "x.bin"), ThrowsMessage<UserError>(HasSubstr("neither")));
  write_file(folder / "config.json", config_json(tiny_config()));
  EXPECT_THAT(open(folder.path()),
              ThrowsMessage<UserError>(HasSubstr("has neither model.safetensors nor "
                                                 "model.safetensors.index.json")));
}

TEST(BaseModelTest, AConfigAloneIsEnoughForRandomWeights) {
  const TemporaryDirectory folder;
  write_file(folder / "config.json", config_json(tiny_config()));
  for (const std::filesystem::path& path : {folder.path(), folder / "config.json"}) {
    const auto model = BaseModel::open_config_only(path);
    EXPECT_EQ(model->config().hidden_size, 8);
    EXPECT_EQ(model->path(), folder.path());
    EXPECT_EQ(model->stored_bytes(), 0U);
  }
  write_file(folder / "m.gguf", testing::tiny_gguf(tiny_config()).build());
  EXPECT_TRUE(BaseModel::open_config_only(folder / "m.gguf")->is_gguf());
}

TEST(BaseModelTest, TheFingerprintFollowsConfigAndWeights) {
  const TemporaryDirectory folder;
  const ModelConfig config = tiny_config();
  testing::write_tiny_folder(folder / "a", config);
  testing::write_tiny_folder(folder / "b", config);
  const std::string fingerprint = BaseModel::open(folder / "a")->fingerprint();
  EXPECT_EQ(fingerprint.size(), 64U);
  EXPECT_EQ(BaseModel::open(folder / "b")->fingerprint(), fingerprint);
  auto weights = tiny_weights(config);
  weights.at("model.norm.weight").back() += 1;
  write_file(folder / "b" / "model.safetensors", testing::tiny_safetensors(config, weights, same));
  EXPECT_NE(BaseModel::open(folder / "b")->fingerprint(), fingerprint);
  ModelConfig other = config;
  other.rope.theta = 5;
  write_file(folder / "a" / "config.json", config_json(other));
  EXPECT_NE(BaseModel::open(folder / "a")->fingerprint(), fingerprint);
}

}  // namespace
}  // namespace temper::model
