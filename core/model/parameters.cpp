#include "core/model/parameters.h"

#include <fmt/format.h>

namespace temper::model {
namespace {

void add_linear(std::vector<Parameter>* parameters, const std::string& module, std::int64_t out,
                std::int64_t in, bool bias) {
  parameters->push_back({module + ".weight", {out, in}});
  if (bias) {
    parameters->push_back({module + ".bias", {out}});
  }
}

void add_layer(std::vector<Parameter>* parameters, const ModelConfig& config, std::int64_t layer) {
  const std::string prefix = fmt::format("model.layers.{}.", layer);
  const std::string attention = prefix + "self_attn.";
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t query = config.num_heads * config.head_size;
  const std::int64_t key = config.num_kv_heads * config.head_size;
  parameters->push_back({prefix + "input_layernorm.weight", {hidden}});
  add_linear(parameters, attention + "q_proj", query, hidden, config.attention_bias);
  add_linear(parameters, attention + "k_proj", key, hidden, config.attention_bias);
  add_linear(parameters, attention + "v_proj", key, hidden, config.attention_bias);
  add_linear(parameters, attention + "o_proj", hidden, query, config.attention_bias);
  parameters->push_back({prefix + "post_attention_layernorm.weight", {hidden}});
  const std::string mlp = prefix + "mlp.";
  add_linear(parameters, mlp + "gate_proj", config.intermediate_size, hidden, config.mlp_bias);
  add_linear(parameters, mlp + "up_proj", config.intermediate_size, hidden, config.mlp_bias);
  add_linear(parameters, mlp + "down_proj", hidden, config.intermediate_size, config.mlp_bias);
}

}  // namespace

std::int64_t Parameter::num_elements() const {
  std::int64_t elements = 1;
  for (const std::int64_t dimension : shape) {
    elements *= dimension;
  }
  return elements;
}

std::vector<Parameter> list_parameters(const ModelConfig& config) {
  std::vector<Parameter> parameters;
  parameters.push_back({"model.embed_tokens.weight", {config.vocabulary_size, config.hidden_size}});
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    add_layer(&parameters, config, layer);
  }
  parameters.push_back({"model.norm.weight", {config.hidden_size}});
  if (!config.tied_embeddings) {
    parameters.push_back({"lm_head.weight", {config.vocabulary_size, config.hidden_size}});
  }
  return parameters;
}

}  // namespace temper::model
