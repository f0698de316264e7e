#include "trainer/train/training_state.h"

#include <span>
#include <string>
#include <utility>

namespace temper::train {

std::vector<checkpoint::NamedTensor> TrainingState::tensors(const model::ParameterLayout& layout) {
  const std::pair<std::string, std::span<float>> parts[] = {
      {"param/", parameters.span()},
      {"exp_avg/", optimizer.first_moments()},
      {"exp_avg_sq/", optimizer.second_moments()}};
  std::vector<checkpoint::NamedTensor> tensors;
  for (const auto& [prefix, values] : parts) {
    for (const model::TrainedTensor& tensor : layout.tensors()) {
      tensors.push_back(
          {prefix + tensor.name, tensor.shape, values.subspan(tensor.offset, tensor.size)});
    }
  }
  return tensors;
}

}  // namespace temper::train
