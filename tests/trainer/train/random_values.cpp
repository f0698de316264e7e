#include "tests/trainer/train/random_values.h"

namespace temper::train {

std::vector<float> random_values(std::size_t size, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(size);
  for (float& value : values) {
    value = normal(random);
  }
  return values;
}

}  // namespace temper::train
