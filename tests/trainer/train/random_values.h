#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace temper::train {

/// Normally distributed.
std::vector<float> random_values(std::size_t size, std::mt19937_64& random);

}  // namespace temper::train
