#include <nlohmann/json.hpp>

#include "core/model/model_config.h"

namespace temper::model {
namespace {

nlohmann::json rope_parameters(const RopeConfig& rope) {
  nlohmann::json parameters = {{"rope_theta", rope.theta}};
  switch (rope.scaling) {
    case RopeScaling::kNone:
      parameters["rope_type"] = "default";
      break;
    case RopeScaling::kLinear:
      parameters["rope_type"] = "linear";
      parameters["factor"] = rope.factor;
      break;
    case RopeScaling::kLlama3:
      parameters["rope_type"] = "llama3";
      parameters["factor"] = rope.factor;
      parameters["low_freq_factor"] = rope.low_frequency_factor;
      parameters["high_freq_factor"] = rope.high_frequency_factor;
      parameters["original_max_position_embeddings"] = rope.original_context_length;
  }
  return parameters;
}

void add_token_ids(const TokenIds& ids, nlohmann::json* object) {
  if (ids.bos) {
    (*object)["bos_token_id"] = *ids.bos;
  }
  if (ids.pad) {
    (*object)["pad_token_id"] = *ids.pad;
  }
  if (ids.eos.size() == 1) {
    (*object)["eos_token_id"] = ids.eos.front();
  } else if (!ids.eos.empty()) {
    (*object)["eos_token_id"] = ids.eos;
  }
}

}  // namespace

std::string config_json(const ModelConfig& config, const std::string& dtype) {
  const bool mistral = config.architecture == "mistral";
  nlohmann::json object = {{"architectures", {mistral ? "MistralForCausalLM" : "LlamaForCausalLM"}},
                           {"attention_dropout", 0.0},
                           {"dtype", dtype},
                           {"head_dim", config.head_size},
                           {"hidden_act", "silu"},
                           {"hidden_size", config.hidden_size},
                           {"initializer_range", config.initializer_range},
                           {"intermediate_size", config.intermediate_size},
                           {"max_position_embeddings", config.context_length},
                           {"model_type", config.architecture},
                           {"num_attention_heads", config.num_heads},
                           {"num_hidden_layers", config.num_layers},
                           {"num_key_value_heads", config.num_kv_heads},
                           {"rms_norm_eps", config.rms_norm_epsilon},
                           {"rope_parameters", rope_parameters(config.rope)},
                           {"rope_theta", config.rope.theta},
                           {"tie_word_embeddings", config.tied_embeddings},
                           {"torch_dtype", dtype},
                           {"use_cache", true},
                           {"vocab_size", config.vocabulary_size}};
  add_token_ids(config.token_ids, &object);
  // Transformers 4 reads the two spellings at the top, 5 the one in rope_parameters.
  if (config.rope.scaling != RopeScaling::kNone) {
    object["rope_scaling"] = object["rope_parameters"];
  }
  if (mistral) {
    object["sliding_window"] =
        config.sliding_window ? nlohmann::json(*config.sliding_window) : nlohmann::json(nullptr);
  } else {
    object["attention_bias"] = config.attention_bias;
    object["mlp_bias"] = config.mlp_bias;
  }
  return object.dump(2, ' ', true) + "\n";
}

}  // namespace temper::model
