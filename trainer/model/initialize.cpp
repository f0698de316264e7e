#include "trainer/model/initialize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/base/check.h"
#include "core/base/random.h"

namespace temper::model {
namespace {

std::span<float> values_of(const TrainedTensor& tensor, std::span<float> parameters) {
  return parameters.subspan(tensor.offset, tensor.size);
}

void fill_uniform(const Philox& generator, std::uint64_t stream, float bound,
                  std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); i += 4) {
    const auto words = generator.block(stream, i / 4);
    for (std::size_t j = i; j < std::min(i + 4, out.size()); ++j) {
      out[j] = (2 * uniform01(words[j - i]) - 1) * bound;
    }
  }
}

/// Box–Muller: each block of four words gives four normal numbers.
void fill_normal(const Philox& generator, std::uint64_t stream, float deviation,
                 std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); i += 4) {
    const auto words = generator.block(stream, i / 4);
    std::array<float, 4> normal{};
    for (std::size_t pair = 0; pair < 4; pair += 2) {
      const float radius = std::sqrt(-2 * std::log(1 - uniform01(words[pair])));
      const float angle = 2 * std::numbers::pi_v<float> * uniform01(words[pair + 1]);
      normal[pair] = radius * std::cos(angle) * deviation;
      normal[pair + 1] = radius * std::sin(angle) * deviation;
    }
    std::copy_n(normal.begin(), std::min<std::size_t>(4, out.size() - i),
                out.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void clear(const ParameterLayout& layout, std::span<float> parameters) {
  CHECK(parameters.size() == layout.size(), "{} floats for {}", parameters.size(), layout.size());
  std::fill(parameters.begin(), parameters.end(), 0.0F);
}

}  // namespace

void initialize_lora(const ParameterLayout& layout, std::uint64_t seed,
                     std::span<float> parameters) {
  clear(layout, parameters);
  const Philox generator{seed, RandomPurpose::kInitAdapter};
  for (const TrainedTensor& tensor : layout.tensors()) {
    if (tensor.name.ends_with(".lora_A.weight")) {
      const float bound = 1 / std::sqrt(static_cast<float>(tensor.shape[1]));
      fill_uniform(generator, name_key(tensor.name), bound, values_of(tensor, parameters));
    }
  }
}

void initialize_randomly(const ParameterLayout& layout, const ModelConfig& config,
                         std::uint64_t seed, std::span<float> parameters) {
  clear(layout, parameters);
  const Philox generator{seed, RandomPurpose::kInitWeights};
  for (const TrainedTensor& tensor : layout.tensors()) {
    const std::span<float> values = values_of(tensor, parameters);
    if (tensor.shape.size() == 2) {
      fill_normal(generator, name_key(tensor.name), static_cast<float>(config.initializer_range),
                  values);
    } else if (!tensor.name.ends_with(".bias")) {
      std::fill(values.begin(), values.end(), 1.0F);
    }
  }
}

void load_pretrained(const ParameterLayout& layout, const BaseModel& base,
                     std::span<float> parameters) {
  clear(layout, parameters);
  for (const TrainedTensor& tensor : layout.tensors()) {
    base.load_float32(tensor.name, values_of(tensor, parameters));
  }
}

void load_saved_modules(const ParameterLayout& layout, const BaseModel& base,
                        std::span<float> parameters) {
  for (const TrainedTensor& tensor : layout.tensors()) {
    if (!tensor.name.ends_with(".lora_A.weight") && !tensor.name.ends_with(".lora_B.weight")) {
      base.load_float32(tensor.name, values_of(tensor, parameters));
    }
  }
}

}  // namespace temper::model
