// config.json as Transformers 4 and 5 write it (configuration_llama.py, configuration_mistral.py;
// rotary embedding: modeling_rope_utils.py, convert_rope_params_to_dict). An absent key means what
// it means there, except that the sizes must be present.

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/error.h"
#include "core/model/config_rules.h"
#include "core/model/model_config.h"

namespace temper::model {
namespace {

using nlohmann::json;

// An object of the file and how messages call it. Absent and null keys are the same, as in Python.
class Section {
 public:
  Section(const json& object, std::string origin) : object_(object), origin_(std::move(origin)) {}

  const json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  std::optional<std::int64_t> integer(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->is_number_integer() ||
        (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX)) {
      fail(key, fmt::format("{} is not an integer", value->dump()));
    }
    return value->get<std::int64_t>();
  }

  std::optional<double> number(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->is_number()) {
      fail(key, fmt::format("{} is not a number", value->dump()));
    }
    return value->get<double>();
  }

  std::optional<bool> boolean(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->is_boolean()) {
      fail(key, fmt::format("{} is neither true nor false", value->dump()));
    }
    return value->get<bool>();
  }

  std::optional<std::string> string(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->is_string()) {
      fail(key, fmt::format("{} is not a string", value->dump()));
    }
    return value->get<std::string>();
  }

  std::int64_t required_integer(const char* key) const {
    const std::optional<std::int64_t> value = integer(key);
    if (!value) {
      fail(key, "the key is missing");
    }
    return *value;
  }

  double required_number(const char* key) const {
    const std::optional<double> value = number(key);
    if (!value) {
      fail(key, "the key is missing");
    }
    return *value;
  }

  Section inner(const char* key) const {
    const json* value = find(key);
    if (!value->is_object()) {
      fail(key, fmt::format("{} is not an object", value->dump()));
    }
    return {*value, origin_ + ": " + key};
  }

  bool empty() const { return object_.empty(); }

  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw UserError(fmt::format("{}: {}: {}", origin_, key, what));
  }

 private:
  const json& object_;
  std::string origin_;
};

json read_object(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw UserError(fmt::format("{}: can't be read", path.string()));
  }
  json object = json::parse(in, nullptr, false);
  if (object.is_discarded() || !object.is_object()) {
    throw UserError(fmt::format("{}: is no JSON object", path.string()));
  }
  return object;
}

// Everything about a model that would silently give other numbers if it were passed over.
void refuse_unsupported(const Section& file) {
  if (file.find("quantization_config") != nullptr) {
    file.fail("quantization_config",
              "quantised Hugging Face folders are not supported; take the unquantised model or a "
              ".gguf file in Q8_0, Q4_0 or Q4_1");
  }
  const std::string activation = file.string("hidden_act").value_or("silu");
  if (activation != "silu") {
    file.fail("hidden_act", fmt::format("'{}' is not supported, only 'silu' is", activation));
  }
  if (file.number("attention_dropout").value_or(0) != 0) {
    file.fail("attention_dropout",
              fmt::format("{} is not supported, only 0 is", *file.number("attention_dropout")));
  }
}

void read_rope_scaling(const Section& rope, ModelConfig* config) {
  const std::string type =
      rope.string("rope_type").value_or(rope.string("type").value_or("default"));
  if (type == "default") {
    return;
  }
  if (type != "linear" && type != "llama3") {
    rope.fail("rope_type",
              fmt::format("'{}' is not supported (default, linear and llama3 are)", type));
  }
  config->rope.factor = rope.required_number("factor");
  if (type == "linear") {
    config->rope.scaling = RopeScaling::kLinear;
    return;
  }
  config->rope.scaling = RopeScaling::kLlama3;
  config->rope.low_frequency_factor = rope.required_number("low_freq_factor");
  config->rope.high_frequency_factor = rope.required_number("high_freq_factor");
  config->rope.original_context_length =
      rope.integer("original_max_position_embeddings").value_or(config->context_length);
}

// Transformers' order: a filled rope_scaling, else rope_parameters; theta in there, else at the
// top.
void read_rope(const Section& file, ModelConfig* config) {
  const double theta = file.number("rope_theta").value_or(10000.0);
  config->rope.theta = theta;
  if (file.number("partial_rotary_factor").value_or(1) != 1) {
    file.fail("partial_rotary_factor", "only whole heads can be rotated");
  }
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (file.find(key) == nullptr || file.inner(key).empty()) {
      continue;
    }
    const Section rope = file.inner(key);
    for (const char* nested : {"full_attention", "sliding_attention"}) {
      if (rope.find(nested) != nullptr) {
        rope.fail(nested, "other rotary embeddings by layer are not supported");
      }
    }
    if (rope.number("partial_rotary_factor").value_or(1) != 1) {
      rope.fail("partial_rotary_factor", "only whole heads can be rotated");
    }
    config->rope.theta = rope.number("rope_theta").value_or(theta);
    read_rope_scaling(rope, config);
    return;
  }
}

void read_sizes(const Section& file, ModelConfig* config) {
  const bool mistral = config->architecture == "mistral";
  config->vocabulary_size = file.required_integer("vocab_size");
  config->hidden_size = file.required_integer("hidden_size");
  config->intermediate_size = file.required_integer("intermediate_size");
  config->num_layers = file.required_integer("num_hidden_layers");
  config->num_heads = file.required_integer("num_attention_heads");
  if (config->num_heads < 1) {
    file.fail("num_attention_heads", fmt::format("{} must be above 0", config->num_heads));
  }
  config->num_kv_heads = file.integer("num_key_value_heads").value_or(config->num_heads);
  const std::optional<std::int64_t> head_size = file.integer("head_dim");
  if (!head_size && config->hidden_size % config->num_heads != 0) {
    file.fail("hidden_size", fmt::format("{} is no multiple of num_attention_heads {}",
                                         config->hidden_size, config->num_heads));
  }
  config->head_size = head_size.value_or(config->hidden_size / config->num_heads);
  config->context_length =
      file.integer("max_position_embeddings").value_or(mistral ? 131072 : 2048);
}

void read_token_ids(const Section& file, TokenIds* ids) {
  ids->bos = file.integer("bos_token_id");
  ids->pad = file.integer("pad_token_id");
  const json* eos = file.find("eos_token_id");
  if (eos == nullptr || !eos->is_array()) {
    if (const std::optional<std::int64_t> id = file.integer("eos_token_id")) {
      ids->eos = {*id};
    }
    return;
  }
  for (const json& id : *eos) {
    if (!id.is_number_integer()) {
      file.fail("eos_token_id", fmt::format("{} is not a list of integers", eos->dump()));
    }
    ids->eos.push_back(id.get<std::int64_t>());
  }
}

}  // namespace

ModelConfig read_config_json(const std::filesystem::path& path) {
  const json object = read_object(path);
  const Section file(object, path.string());
  ModelConfig config;
  const std::optional<std::string> type = file.string("model_type");
  if (!type) {
    file.fail("model_type", "the key is missing; 'llama' and 'mistral' are supported");
  }
  if (*type != "llama" && *type != "mistral") {
    file.fail("model_type",
              fmt::format("'{}' is not supported ('llama' and 'mistral' are)", *type));
  }
  config.architecture = *type;
  refuse_unsupported(file);
  read_sizes(file, &config);
  config.rms_norm_epsilon = file.number("rms_norm_eps").value_or(1e-6);
  config.initializer_range = file.number("initializer_range").value_or(0.02);
  config.tied_embeddings = file.boolean("tie_word_embeddings").value_or(false);
  read_rope(file, &config);
  read_token_ids(file, &config.token_ids);
  if (*type == "llama") {  // Mistral has no biases whatever its config says
    config.attention_bias = file.boolean("attention_bias").value_or(false);
    config.mlp_bias = file.boolean("mlp_bias").value_or(false);
  } else if (object.contains("sliding_window")) {
    config.sliding_window = file.integer("sliding_window");
  } else {
    config.sliding_window = 4096;  // MistralConfig's default, unlike an explicit null
  }
  check_config(config, path.string());
  return config;
}

}  // namespace temper::model
