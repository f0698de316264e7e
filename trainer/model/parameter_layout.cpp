#include "trainer/model/parameter_layout.h"

#include <utility>

#include "trainer/model/float_buffer.h"

namespace temper::model {

std::uint64_t name_key(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

std::size_t ParameterLayout::begin_group() {
  end_ = align_floats(end_);
  return end_;
}

std::size_t ParameterLayout::add(std::string name, std::vector<std::int64_t> shape, bool decay) {
  TrainedTensor tensor{std::move(name), std::move(shape), end_, 1, decay};
  for (const std::int64_t dimension : tensor.shape) {
    tensor.size *= static_cast<std::size_t>(dimension);
  }
  end_ += tensor.size;
  tensors_.push_back(std::move(tensor));
  return tensors_.back().offset;
}

std::size_t ParameterLayout::size() const {
  return align_floats(end_);
}

std::size_t ParameterLayout::num_parameters() const {
  std::size_t total = 0;
  for (const TrainedTensor& tensor : tensors_) {
    total += tensor.size;
  }
  return total;
}

}  // namespace temper::model
