#pragma once

#include <cstdint>
#include <vector>

#include "trainer/checkpoint/named_tensor.h"
#include "trainer/model/float_buffer.h"
#include "trainer/model/parameter_layout.h"
#include "trainer/train/optimizer.h"

namespace temper::train {

/// Everything that training changes: parameters (all of them on every rank), the moments of those
/// that this rank updates, and the number of steps done. The state of
/// the data is the step (DESIGN section 2); randomness has none.
struct TrainingState {
  /// `memory`, of this process, is for the parameters: that which they go to a device from.
  TrainingState(const model::ParameterLayout& layout, const recipe::Optimizer& options,
                const UpdateShare& share, device::DeviceMemory& memory = device::host_memory())
      : parameters(model::FloatBuffer::zeros(layout.size(), memory)),
        optimizer(options, layout, share) {}

  model::FloatBuffer parameters;
  AdamW optimizer;
  std::int64_t step = 0;

  /// Views of all of it under the names of docs/checkpoint-format.md.
  std::vector<checkpoint::NamedTensor> tensors(const model::ParameterLayout& layout);
};

}  // namespace temper::train
