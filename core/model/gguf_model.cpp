#include "core/model/gguf_model.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/model/parameters.h"

namespace temper::model {
namespace {

using NamePair = std::pair<std::string_view, std::string_view>;

constexpr std::array<NamePair, 3> kTopNames = {
    {{"model.embed_tokens", "token_embd"}, {"model.norm", "output_norm"}, {"lm_head", "output"}}};

constexpr std::array<NamePair, 9> kLayerNames = {{{"input_layernorm", "attn_norm"},
                                                  {"self_attn.q_proj", "attn_q"},
                                                  {"self_attn.k_proj", "attn_k"},
                                                  {"self_attn.v_proj", "attn_v"},
                                                  {"self_attn.o_proj", "attn_output"},
                                                  {"post_attention_layernorm", "ffn_norm"},
                                                  {"mlp.gate_proj", "ffn_gate"},
                                                  {"mlp.up_proj", "ffn_up"},
                                                  {"mlp.down_proj", "ffn_down"}}};

constexpr std::string_view kLayerPrefix = "model.layers.";

std::int64_t interleaved_heads(std::string_view parameter, const ModelConfig& config) {
  if (parameter.find(".q_proj.") != std::string_view::npos) {
    return config.num_heads;
  }
  return parameter.find(".k_proj.") != std::string_view::npos ? config.num_kv_heads : 0;
}

StoredParameters find_parameters(const weights::GgufFile& file, const ModelConfig& config) {
  const std::string origin = file.path().string();
  std::map<std::string_view, const weights::TensorView*> unused;
  for (const weights::TensorView& view : file.tensors()) {
    unused.emplace(view.name, &view);
  }
  StoredParameters parameters;
  for (const Parameter& parameter : list_parameters(config)) {
    const std::string name = gguf_name(parameter.name);
    const auto found = unused.find(name);
    if (found == unused.end()) {
      throw UserError(fmt::format("{}: tensor '{}' {} is missing", origin, name,
                                  weights::shape_text(parameter.shape)));
    }
    check_stored_tensor(*found->second, parameter.shape, origin);
    parameters.emplace(parameter.name,
                       StoredParameter{*found->second, interleaved_heads(parameter.name, config)});
    unused.erase(found);
  }
  unused.erase("rope_freqs.weight");  // read_gguf_config has turned it into the config's scaling
  if (!unused.empty()) {
    const weights::TensorView& view = *unused.begin()->second;
    throw UserError(
        fmt::format("{}: tensor '{}' {} is no part of a plain Llama model; training "
                    "without it would train another model",
                    origin, view.name, weights::shape_text(view.shape)));
  }
  return parameters;
}

}  // namespace

std::string gguf_name(std::string_view parameter) {
  const std::size_t last_dot = parameter.rfind('.');
  CHECK(last_dot != std::string_view::npos, "{}", parameter);
  std::string_view module = parameter.substr(0, last_dot);
  const std::string_view kind = parameter.substr(last_dot);  // ".weight" or ".bias"
  if (module.starts_with(kLayerPrefix)) {
    module.remove_prefix(kLayerPrefix.size());
    const std::string_view layer = module.substr(0, module.find('.'));
    module.remove_prefix(layer.size() + 1);
    for (const auto& [ours, theirs] : kLayerNames) {
      if (module == ours) {
        return fmt::format("blk.{}.{}{}", layer, theirs, kind);
      }
    }
  }
  for (const auto& [ours, theirs] : kTopNames) {
    if (module == ours) {
      return fmt::format("{}{}", theirs, kind);
    }
  }
  CHECK(false, "no GGUF name for {}", parameter);
  return {};
}

std::unique_ptr<StoredModel> open_gguf_model(const std::filesystem::path& path) {
  weights::GgufFile file(path);
  ModelConfig config = read_gguf_config(file);
  StoredParameters parameters = find_parameters(file, config);
  ModelFiles files;
  files.gguf.emplace(std::move(file).take_file());
  files.gguf->release_pages();  // of the header, which holds a vocabulary
  return std::make_unique<StoredModel>(path, std::move(config), std::move(files),
                                       std::move(parameters));
}

}  // namespace temper::model
