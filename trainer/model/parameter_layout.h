#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace temper::model {

/// A 64-bit key of a tensor's or module's name, for counter-based randomness (FNV-1a).
std::uint64_t name_key(std::string_view name);

/// One trained tensor inside the flat buffers of parameters, gradients and moments.
struct TrainedTensor {
  std::string name;  ///< Hugging Face name; LoRA: "<module>.lora_A.weight"
  std::vector<std::int64_t> shape;
  std::size_t offset = 0;  ///< in floats
  std::size_t size = 0;
  bool decay = true;  ///< weight decay applies; not to norms and biases, as in the HF Trainer
};

/// Everything that is trained, in one flat buffer: the optimizer, the ordered sum and checkpoints
/// see just floats. Tensors of one group (q, k, v; gate, up; the LoRA A of one input) lie side by
/// side so that one matrix product serves them; groups start on cache lines, and the gaps hold
/// zeros for ever.
class ParameterLayout {
 public:
  /// Starts a new group on a cache line and returns its offset.
  std::size_t begin_group();
  /// Appends a tensor to the current group and returns its offset.
  std::size_t add(std::string name, std::vector<std::int64_t> shape, bool decay);

  const std::vector<TrainedTensor>& tensors() const { return tensors_; }
  /// Floats of the whole buffer, padding included.
  std::size_t size() const;
  /// Floats without padding.
  std::size_t num_parameters() const;

 private:
  std::vector<TrainedTensor> tensors_;
  std::size_t end_ = 0;
};

}  // namespace temper::model
