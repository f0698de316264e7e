#include "core/model/config_rules.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"

namespace temper::model {
namespace {

// Larger than any model, small enough that the bytes of all parameters fit 64 bits.
constexpr std::int64_t kLargestSize = std::int64_t{1} << 22;
constexpr std::int64_t kMostLayers = 4096;
constexpr std::int64_t kLongestContext = std::int64_t{1} << 30;

struct Size {
  const char* key;
  std::int64_t value;
  std::int64_t largest;
};

[[noreturn]] void fail(const std::string& origin, const std::string& what) {
  throw UserError(fmt::format("{}: {}", origin, what));
}

void check_sizes(const ModelConfig& config, const std::string& origin) {
  const Size sizes[] = {{"vocab_size", config.vocabulary_size, kLargestSize},
                        {"hidden_size", config.hidden_size, kLargestSize},
                        {"intermediate_size", config.intermediate_size, kLargestSize},
                        {"num_hidden_layers", config.num_layers, kMostLayers},
                        {"num_attention_heads", config.num_heads, kLargestSize},
                        {"num_key_value_heads", config.num_kv_heads, kLargestSize},
                        {"head_dim", config.head_size, kLargestSize},
                        {"max_position_embeddings", config.context_length, kLongestContext}};
  for (const Size& size : sizes) {
    if (size.value < 1 || size.value > size.largest) {
      fail(origin,
           fmt::format("{}: {} must be between 1 and {}", size.key, size.value, size.largest));
    }
  }
  if (config.num_heads * config.head_size > kLargestSize) {
    fail(origin, fmt::format("num_attention_heads {} of head_dim {} are more than {} together",
                             config.num_heads, config.head_size, kLargestSize));
  }
}

void check_rope(const RopeConfig& rope, const std::string& origin) {
  if (!std::isfinite(rope.theta) || rope.theta <= 0) {
    fail(origin, fmt::format("rope_theta: {} must be above 0", rope.theta));
  }
  if (!std::isfinite(rope.factor) || rope.factor <= 0) {
    fail(origin, fmt::format("rope_scaling: factor: {} must be above 0", rope.factor));
  }
  if (rope.scaling != RopeScaling::kLlama3) {
    return;
  }
  if (!(rope.low_frequency_factor > 0 && rope.low_frequency_factor < rope.high_frequency_factor &&
        std::isfinite(rope.high_frequency_factor))) {
    fail(origin, fmt::format("rope_scaling: high_freq_factor {} must be above low_freq_factor {}, "
                             "and both above 0",
                             rope.high_frequency_factor, rope.low_frequency_factor));
  }
  if (rope.original_context_length < 1) {
    fail(origin, fmt::format("rope_scaling: original_max_position_embeddings: {} must be above 0",
                             rope.original_context_length));
  }
}

}  // namespace

void check_config(const ModelConfig& config, const std::string& origin) {
  check_sizes(config, origin);
  check_rope(config.rope, origin);
  if (config.num_heads % config.num_kv_heads != 0) {
    fail(origin, fmt::format("num_attention_heads {} is no multiple of num_key_value_heads {}",
                             config.num_heads, config.num_kv_heads));
  }
  if (config.head_size % 2 != 0) {
    fail(origin, fmt::format("head_dim {} is odd; rotary embeddings turn pairs", config.head_size));
  }
  if (!std::isfinite(config.rms_norm_epsilon) || config.rms_norm_epsilon <= 0) {
    fail(origin, fmt::format("rms_norm_eps: {} must be above 0", config.rms_norm_epsilon));
  }
  if (!std::isfinite(config.initializer_range) || config.initializer_range < 0) {
    fail(origin,
         fmt::format("initializer_range: {} must not be negative", config.initializer_range));
  }
  if (config.sliding_window && *config.sliding_window < 1) {
    fail(origin, fmt::format("sliding_window: {} must be above 0", *config.sliding_window));
  }
}

}  // namespace temper::model
