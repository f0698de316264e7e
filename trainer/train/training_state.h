#pragma once

#include <cstdint>
#include <vector>

#include "trainer/checkpoint/named_tensor.h"
#include "trainer/model/float_buffer.h"
#include "trainer/model/parameter_layout.h"
#include "trainer/train/optimizer.h"

namespace temper::train {

/// Everything that training changes: parameters, moments and the number of steps done. The state of
/// the data is the step (DESIGN section 2); randomness has none.
struct TrainingState {
  TrainingState(const model::ParameterLayout& layout, const recipe::Optimizer& options)
      : parameters(model::FloatBuffer::zeros(layout.size())), optimizer(options, layout) {}

  model::FloatBuffer parameters;
  AdamW optimizer;
  std::int64_t step = 0;

  /// Views of all of it under the names of docs/checkpoint-format.md.
  std::vector<checkpoint::NamedTensor> tensors(const model::ParameterLayout& layout);
};

}  // namespace temper::train
