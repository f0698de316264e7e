// Leaves exports of tests/golden/tiny-model in <build>/exported, where scripts/test.sh shows them
// to PEFT and Transformers (tests/reference/check_adapter.py, check_model.py).

#include <gtest/gtest.h>

#include "core/export/model_export.h"
#include "core/model/base_model.h"
#include "core/model/parameters.h"
#include "tests/core/export/tiny_adapter.h"

namespace temper::exporting {
namespace {

const std::filesystem::path kBase = TEMPER_SOURCE_DIR "/tests/golden/tiny-model";
const std::filesystem::path kExported = TEMPER_BINARY_DIR "/exported";

TEST(PeerFixtureTest, WritesAnAdapter) {
  recipe::Adapter settings = all_linear_settings();
  settings.rslora = true;
  settings.rank_pattern = {{"down_proj", 2}, {R"(layers\.0\.self_attn\.q_proj)", 8}};
  settings.alpha_pattern = {{"up_proj", 3.5}};
  export_adapter(kExported / "adapter", TinyAdapter(settings).adapter);
  EXPECT_TRUE(std::filesystem::exists(kExported / "adapter" / "adapter_model.safetensors"));
}

TEST(PeerFixtureTest, WritesAShardedModel) {
  const std::unique_ptr<model::BaseModel> base = model::BaseModel::open(kBase);
  ModelExport exported;
  exported.config_json = model::config_json(base->config());
  exported.base = kBase;
  exported.facts.title = "tiny";
  exported.facts.base_path = kBase.string();
  exported.max_shard_bytes = 100'000;
  std::vector<std::vector<float>> storage;
  const std::vector<model::Parameter> parameters = model::list_parameters(base->config());
  storage.reserve(parameters.size());
  for (const model::Parameter& parameter : parameters) {
    std::vector<float>& values =
        storage.emplace_back(static_cast<std::size_t>(parameter.num_elements()));
    base->load_float32(parameter.name, values);
    exported.tensors.push_back(
        {.name = parameter.name, .shape = parameter.shape, .values = values});
  }
  export_model(kExported / "model", exported);
  EXPECT_TRUE(std::filesystem::exists(kExported / "model" / "model.safetensors.index.json"));
}

}  // namespace
}  // namespace temper::exporting
