#include "trainer/model/rope.h"

#include <cmath>
#include <numbers>

namespace temper::model {
namespace {

/// Llama 3: long wavelengths are stretched by `factor`, short ones kept, those between blended.
float llama3_scaled(float frequency, const RopeConfig& config) {
  const auto original = static_cast<float>(config.original_context_length);
  const auto low = static_cast<float>(config.low_frequency_factor);
  const auto high = static_cast<float>(config.high_frequency_factor);
  const float wavelength = 2 * std::numbers::pi_v<float> / frequency;
  const float stretched = frequency / static_cast<float>(config.factor);
  if (wavelength > original / low) {
    return stretched;
  }
  if (wavelength < original / high) {
    return frequency;
  }
  const float smooth = (original / wavelength - low) / (high - low);
  return (1 - smooth) * stretched + smooth * frequency;
}

}  // namespace

std::vector<float> inverse_frequencies(const RopeConfig& config, std::int64_t head_size) {
  std::vector<float> frequencies;
  for (std::int64_t i = 0; i < head_size / 2; ++i) {
    const auto exponent = static_cast<float>(2 * i) / static_cast<float>(head_size);
    auto frequency =
        static_cast<float>(1.0 / std::pow(config.theta, static_cast<double>(exponent)));
    if (config.scaling == RopeScaling::kLinear) {
      frequency /= static_cast<float>(config.factor);
    } else if (config.scaling == RopeScaling::kLlama3) {
      frequency = llama3_scaled(frequency, config);
    }
    frequencies.push_back(frequency);
  }
  return frequencies;
}

RopeTable::RopeTable(const RopeConfig& config, std::int64_t head_size, std::int64_t max_length,
                     device::DeviceMemory& memory)
    : max_length_(max_length),
      cosine_(static_cast<std::size_t>(max_length * head_size / 2), memory),
      sine_(static_cast<std::size_t>(max_length * head_size / 2), memory) {
  std::vector<float> cosine(cosine_.size());
  std::vector<float> sine(sine_.size());
  const std::vector<float> frequencies = inverse_frequencies(config, head_size);
  std::size_t i = 0;
  for (std::int64_t position = 0; position < max_length; ++position) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      cosine[i] = std::cos(angle);
      sine[i] = std::sin(angle);
      ++i;
    }
  }
  memory.upload(cosine.data(), cosine_.data(), cosine.size() * sizeof(float));
  memory.upload(sine.data(), sine_.data(), sine.size() * sizeof(float));
}

}  // namespace temper::model
