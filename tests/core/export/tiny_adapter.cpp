#include "tests/core/export/tiny_adapter.h"

#include <random>

namespace temper::exporting {

recipe::Adapter all_linear_settings() {
  recipe::Adapter settings;
  settings.rank = 4;
  settings.alpha = 8;
  return settings;
}

TinyAdapter::TinyAdapter(const recipe::Adapter& settings) {
  adapter.settings = settings;
  adapter.config =
      model::read_config_json(TEMPER_SOURCE_DIR "/tests/golden/tiny-model/config.json");
  adapter.base_name = "temper/tiny-model";
  adapter.facts = {.title = "tiny",
                   .base_name = "temper/tiny-model",
                   .base_path = "tests/golden/tiny-model",
                   .from_scratch = false,
                   .data = {"data/train.jsonl"},
                   .steps = 20,
                   .samples = 1280,
                   .trained_tokens = 5000,
                   .results = {{"held-out", 5.9, 1.5}},
                   .recipe_yaml = "version: 1\nname: tiny\n",
                   .versions = {"Temper 0.1.0"}};
  std::mt19937 random(20261124);
  std::normal_distribution<float> normal(0.0F, 0.5F);
  const std::vector<model::LoraTarget> targets =
      model::resolve_lora_targets(adapter.config, settings);
  storage.reserve(2 * targets.size());
  const auto draw = [&](std::int64_t num_values) -> std::vector<float>& {
    std::vector<float>& values = storage.emplace_back(static_cast<std::size_t>(num_values));
    for (float& value : values) {
      value = normal(random);
    }
    return values;
  };
  for (const model::LoraTarget& target : targets) {
    const std::vector<float>& a = draw(target.rank * target.in_features);
    const std::vector<float>& b = draw(target.out_features * target.rank);
    adapter.modules.push_back({.target = target, .a = a, .b = b});
  }
}

}  // namespace temper::exporting
