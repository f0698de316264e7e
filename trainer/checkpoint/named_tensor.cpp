#include "trainer/checkpoint/named_tensor.h"

#include <functional>
#include <numeric>

namespace temper::checkpoint {

std::size_t NamedTensor::size_bytes() const {
  const std::int64_t elements =
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  return weights::size_in_bytes(type, static_cast<std::uint64_t>(elements));
}

}  // namespace temper::checkpoint
