#include "core/model/gguf_rope.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "core/base/error.h"

namespace temper::model {
namespace {

constexpr double kTolerance = 1e-5;  // the converter computes in fp32: 3e-7 for Llama 3.1 and 3.2

// By how much llama3 scaling divides the frequency of a pair
// (modeling_rope_utils.py, _compute_llama3_parameters).
double llama3_divisor(const RopeConfig& rope, double frequency) {
  const auto context = static_cast<double>(rope.original_context_length);
  const double turns = context * frequency / (2 * std::numbers::pi);  // within the context
  if (turns > rope.high_frequency_factor) {
    return 1;
  }
  if (turns < rope.low_frequency_factor) {
    return rope.factor;
  }
  const double smooth = (turns - rope.low_frequency_factor) /
                        (rope.high_frequency_factor - rope.low_frequency_factor);
  return 1 / ((1 - smooth) / rope.factor + smooth);
}

}  // namespace

void read_rope_frequencies(const weights::TensorView& table, std::int64_t head_size,
                           const std::string& origin, RopeConfig* rope) {
  const auto fail = [&](const std::string& what) {
    throw UserError(
        fmt::format("{}: rope_freqs.weight: {}; take the Hugging Face folder of this "
                    "model",
                    origin, what));
  };
  if (table.type != weights::DataType::kF32 || head_size < 2 ||
      table.shape != std::vector<std::int64_t>{head_size / 2}) {
    fail(fmt::format("{} {} is not one F32 number for each pair of a head",
                     weights::data_type_name(table.type), weights::shape_text(table.shape)));
  }
  std::vector<float> divisors(static_cast<std::size_t>(head_size / 2));
  weights::to_float32(table, 0, head_size / 2, divisors);
  rope->scaling = RopeScaling::kLlama3;
  rope->factor = divisors.back();
  if (!(rope->factor >= 1)) {
    fail(fmt::format("the last divisor {} is below 1", rope->factor));
  }
  rope->low_frequency_factor = 1;
  rope->high_frequency_factor = 4;
  rope->original_context_length = 8192;
  for (std::size_t pair = 0; pair < divisors.size(); ++pair) {
    const double exponent = -2.0 * static_cast<double>(pair) / static_cast<double>(head_size);
    const double expected = llama3_divisor(*rope, std::pow(rope->theta, exponent));
    if (!(std::abs(divisors[pair] - expected) <= kTolerance * expected)) {
      fail(fmt::format("divisor {} is {}, Llama 3's scaling with factor {} has {}", pair,
                       divisors[pair], rope->factor, expected));
    }
  }
}

}  // namespace temper::model
