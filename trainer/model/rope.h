#pragma once

#include <cstdint>
#include <vector>

#include "core/model/model_config.h"
#include "trainer/model/float_buffer.h"

namespace temper::model {

/// Rotary position embedding (Su et al. 2021) as Transformers computes it in fp32: inverse
/// frequencies with the config's scaling, and tables of cosine and sine [max_length, head_size /
/// 2].
class RopeTable {
 public:
  RopeTable(const RopeConfig& config, std::int64_t head_size, std::int64_t max_length,
            device::DeviceMemory& memory);
  const float* cosine() const { return cosine_.data(); }
  const float* sine() const { return sine_.data(); }
  std::int64_t max_length() const { return max_length_; }

 private:
  std::int64_t max_length_;
  FloatBuffer cosine_, sine_;
};

/// theta^(−2i / head_size) for i in [0, head_size / 2), scaled (modeling_rope_utils.py).
std::vector<float> inverse_frequencies(const RopeConfig& config, std::int64_t head_size);

}  // namespace temper::model
