#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/weights/gguf.h"

namespace temper::model {

enum class RopeScaling { kNone, kLinear, kLlama3 };

/// Rotary embedding: theta and the two scalings of the Llama family
/// (Transformers modeling_rope_utils.py: _compute_linear_scaling_…, _compute_llama3_parameters).
struct RopeConfig {
  double theta = 10000.0;
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1.0;
  double low_frequency_factor = 1.0;
  double high_frequency_factor = 4.0;
  std::int64_t original_context_length = 8192;
};

/// Ids that generation starts, stops and pads with. Training does not use them; they are handed on,
/// so that a trained model's config.json stops where its base did. Absent ones stay absent.
struct TokenIds {
  std::optional<std::int64_t> bos, pad;
  std::vector<std::int64_t> eos;  ///< empty: absent
};

/// Shape of a Llama-architecture decoder (Llama, Mistral, SmolLM2 …).
struct ModelConfig {
  std::string architecture = "llama";  ///< model_type of config.json
  std::int64_t vocabulary_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_layers = 0;
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_size = 0;
  std::int64_t context_length = 0;
  double rms_norm_epsilon = 1e-6;
  double initializer_range = 0.02;
  RopeConfig rope;
  bool tied_embeddings = false;  ///< the head is the embedding
  bool attention_bias = false;   ///< on q, k, v and o
  bool mlp_bias = false;         ///< on gate, up and down
  /// A token sees itself and this many − 1 tokens before it; absent: all.
  std::optional<std::int64_t> sliding_window;
  TokenIds token_ids;
};

/// Reads a Hugging Face config.json (rope_theta and rope_scaling at the top, or rope_parameters as
/// Transformers 5 writes them). UserError naming file and key for an unknown architecture, a
/// missing or impossible value, or a feature that this trainer does not have.
ModelConfig read_config_json(const std::filesystem::path& path);

/// The same from GGUF metadata (general.architecture = llama).
ModelConfig read_gguf_config(const weights::GgufFile& file);

/// The config.json that Transformers (4 and 5) reads this model from: sorted keys, indented by two.
/// `dtype` is that of the weights beside it, e.g. "float32".
std::string config_json(const ModelConfig& config, const std::string& dtype = "float32");

}  // namespace temper::model
