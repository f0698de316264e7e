#include "trainer/train/training_state.h"

#include <span>
#include <string>

namespace temper::train {

std::vector<checkpoint::NamedTensor> TrainingState::tensors(const model::ParameterLayout& layout) {
  std::vector<checkpoint::NamedTensor> tensors = optimizer.moments().tensors(layout);
  for (const model::TrainedTensor& tensor : layout.tensors()) {
    const std::span<float> values = parameters.span().subspan(tensor.offset, tensor.size);
    tensors.push_back({.name = "param/" + tensor.name,
                       .shape = tensor.shape,
                       .bytes = std::as_writable_bytes(values)});
  }
  return tensors;
}

}  // namespace temper::train
