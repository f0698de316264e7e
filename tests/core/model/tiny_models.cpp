#include "tests/core/model/tiny_models.h"

#include <span>

#include "core/model/gguf_model.h"
#include "core/model/parameters.h"
#include "core/weights/safetensors.h"
#include "tests/support/temporary_directory.h"

namespace temper::testing {
namespace {

// `permute` of convert_hf_to_gguf.py, told by its formula: reshape(heads, 2, rows / 2, …) and swap
// the two axes in the middle.
std::vector<float> interleaved(const std::vector<float>& values, std::size_t rows,
                               std::size_t heads) {
  const std::size_t width = values.size() / rows;
  const std::size_t half = rows / heads / 2;
  std::vector<float> out;
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t pair = 0; pair < half; ++pair) {
      for (std::size_t side = 0; side < 2; ++side) {
        const auto row =
            values.begin() + static_cast<std::ptrdiff_t>(((head * 2 + side) * half + pair) * width);
        out.insert(out.end(), row, row + static_cast<std::ptrdiff_t>(width));
      }
    }
  }
  return out;
}

}  // namespace

model::ModelConfig tiny_config() {
  model::ModelConfig config;
  config.vocabulary_size = 6;
  config.hidden_size = 8;
  config.intermediate_size = 12;
  config.num_layers = 2;
  config.num_heads = 2;
  config.num_kv_heads = 1;
  config.head_size = 4;
  config.context_length = 64;
  config.rms_norm_epsilon = 1e-5;
  return config;
}

TinyWeights tiny_weights(const model::ModelConfig& config) {
  TinyWeights weights;
  float next = 0;
  for (const model::Parameter& parameter : model::list_parameters(config)) {
    std::vector<float>& values = weights[parameter.name];
    values.resize(static_cast<std::size_t>(parameter.num_elements()));
    for (float& value : values) {
      value = next++ / 16;
    }
  }
  return weights;
}

std::string tiny_safetensors(const model::ModelConfig& config, const TinyWeights& weights,
                             const std::function<std::string(const std::string&)>& rename) {
  std::vector<weights::TensorView> views;
  for (const model::Parameter& parameter : model::list_parameters(config)) {
    const std::string name = rename(parameter.name);
    if (!name.empty()) {
      views.push_back({name, weights::DataType::kF32, parameter.shape,
                       std::as_bytes(std::span(weights.at(parameter.name)))});
    }
  }
  const std::vector<std::byte> image = weights::serialize_safetensors(views, {{"format", "pt"}});
  return {reinterpret_cast<const char*>(image.data()), image.size()};
}

void write_tiny_folder(const std::filesystem::path& folder, const model::ModelConfig& config) {
  write_file(folder / "config.json", model::config_json(config));
  write_file(folder / "model.safetensors",
             tiny_safetensors(config, tiny_weights(config), [](const auto& name) { return name; }));
}

GgufImage tiny_gguf(const model::ModelConfig& config) {
  const auto u32 = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
  GgufImage image;
  image.text("general.architecture", "llama");
  image.u32("llama.block_count", u32(config.num_layers));
  image.u32("llama.context_length", u32(config.context_length));
  image.u32("llama.embedding_length", u32(config.hidden_size));
  image.u32("llama.feed_forward_length", u32(config.intermediate_size));
  image.u32("llama.attention.head_count", u32(config.num_heads));
  image.u32("llama.attention.head_count_kv", u32(config.num_kv_heads));
  image.f32("llama.attention.layer_norm_rms_epsilon", static_cast<float>(config.rms_norm_epsilon));
  image.f32("llama.rope.freq_base", static_cast<float>(config.rope.theta));
  TinyWeights weights = tiny_weights(config);
  for (const model::Parameter& parameter : model::list_parameters(config)) {
    std::vector<float>& values = weights.at(parameter.name);
    const auto rows = static_cast<std::size_t>(parameter.shape.front());
    if (parameter.name.find("q_proj") != std::string::npos) {
      values = interleaved(values, rows, static_cast<std::size_t>(config.num_heads));
    } else if (parameter.name.find("k_proj") != std::string::npos) {
      values = interleaved(values, rows, static_cast<std::size_t>(config.num_kv_heads));
    }
    const std::vector<std::uint64_t> reversed(parameter.shape.rbegin(), parameter.shape.rend());
    image.floats(model::gguf_name(parameter.name), reversed, values);
  }
  return image;
}

}  // namespace temper::testing
