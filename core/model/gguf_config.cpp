// Metadata keys of llama.cpp's Llama architecture (gguf.md, "LLM"; llama-arch.cpp).

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/config_rules.h"
#include "core/model/gguf_rope.h"
#include "core/model/model_config.h"

namespace temper::model {
namespace {

class LlamaMetadata {
 public:
  explicit LlamaMetadata(const weights::GgufFile& file) : file_(file) {}

  std::optional<std::int64_t> integer(const std::string& key) const {
    return file_.integer("llama." + key);
  }
  std::optional<double> number(const std::string& key) const {
    return file_.number("llama." + key);
  }

  std::int64_t required_integer(const std::string& key) const {
    return required(integer(key), key);
  }
  double required_number(const std::string& key) const { return required(number(key), key); }

  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw UserError(fmt::format("{}: llama.{}: {}", file_.path().string(), key, what));
  }

 private:
  template <class T>
  T required(const std::optional<T>& value, const std::string& key) const {
    if (!value) {
      fail(key, "the key is missing");
    }
    return *value;
  }

  const weights::GgufFile& file_;
};

void check_architecture(const weights::GgufFile& file) {
  const std::string* architecture = file.string("general.architecture");
  if (architecture == nullptr || *architecture != "llama") {
    throw UserError(
        fmt::format("{}: general.architecture: '{}' is not supported ('llama' is, which "
                    "Mistral's files say too)",
                    file.path().string(), architecture == nullptr ? "(missing)" : *architecture));
  }
}

std::int64_t read_head_size(const LlamaMetadata& metadata, const ModelConfig& config) {
  if (config.num_heads < 1) {
    metadata.fail("attention.head_count", fmt::format("{} must be above 0", config.num_heads));
  }
  const std::int64_t size =
      metadata.integer("attention.key_length").value_or(config.hidden_size / config.num_heads);
  for (const char* key : {"attention.value_length", "rope.dimension_count"}) {
    if (const auto other = metadata.integer(key); other && *other != size) {
      metadata.fail(key, fmt::format("{} differs from the head size {}, which is not supported",
                                     *other, size));
    }
  }
  return size;
}

void read_rope(const weights::GgufFile& file, const LlamaMetadata& metadata, ModelConfig* config) {
  RopeConfig* rope = &config->rope;
  rope->theta = metadata.number("rope.freq_base").value_or(10000.0);
  const std::string* type = file.string("llama.rope.scaling.type");
  const std::optional<double> old_factor = metadata.number("rope.scale_linear");
  if (type != nullptr && *type != "none" && *type != "linear") {
    metadata.fail("rope.scaling.type",
                  fmt::format("'{}' is not supported (none and linear are)", *type));
  }
  if (type != nullptr && *type == "linear") {
    rope->factor = metadata.required_number("rope.scaling.factor");
  } else if (type == nullptr && old_factor) {
    rope->factor = *old_factor;
  }
  rope->scaling = rope->factor == 1.0 ? RopeScaling::kNone : RopeScaling::kLinear;
  if (const weights::TensorView* table = file.find("rope_freqs.weight")) {
    if (rope->scaling != RopeScaling::kNone) {
      metadata.fail("rope.scaling.type", "a scaling beside rope_freqs.weight is not supported");
    }
    read_rope_frequencies(*table, config->head_size, file.path().string(), rope);
  }
}

}  // namespace

ModelConfig read_gguf_config(const weights::GgufFile& file) {
  check_architecture(file);
  const LlamaMetadata metadata(file);
  ModelConfig config;
  if (metadata.integer("expert_count").value_or(0) != 0) {
    metadata.fail("expert_count", "mixtures of experts are not supported");
  }
  const weights::TensorView* embedding = file.find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2) {
    throw UserError(
        fmt::format("{}: token_embd.weight is missing or no matrix", file.path().string()));
  }
  config.vocabulary_size = embedding->shape[0];
  config.hidden_size = metadata.required_integer("embedding_length");
  config.intermediate_size = metadata.required_integer("feed_forward_length");
  config.num_layers = metadata.required_integer("block_count");
  config.num_heads = metadata.required_integer("attention.head_count");
  config.num_kv_heads = metadata.integer("attention.head_count_kv").value_or(config.num_heads);
  config.head_size = read_head_size(metadata, config);
  config.context_length = metadata.required_integer("context_length");
  config.rms_norm_epsilon = metadata.required_number("attention.layer_norm_rms_epsilon");
  read_rope(file, metadata, &config);
  config.tied_embeddings = file.find("output.weight") == nullptr;
  config.attention_bias = file.find("blk.0.attn_q.bias") != nullptr;
  config.mlp_bias = file.find("blk.0.ffn_gate.bias") != nullptr;
  config.sliding_window = metadata.integer("attention.sliding_window");
  config.token_ids.bos = file.integer("tokenizer.ggml.bos_token_id");
  config.token_ids.pad = file.integer("tokenizer.ggml.padding_token_id");
  if (const auto eos = file.integer("tokenizer.ggml.eos_token_id")) {
    config.token_ids.eos = {*eos};
  }
  check_config(config, file.path().string());
  return config;
}

}  // namespace temper::model
