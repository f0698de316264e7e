#include "tests/support/seed.h"

#include <fmt/format.h>

#include <cstdio>
#include <random>
#include <string>

#include "core/base/environment.h"

namespace temper::testing {

std::uint64_t test_seed() {
  const auto given = Environment::from_process().get("TEMPER_TEST_SEED");
  const std::uint64_t seed = given ? std::stoull(*given) : std::random_device()();
  fmt::print("TEMPER_TEST_SEED={}\n", seed);
  std::fflush(stdout);
  return seed;
}

}  // namespace temper::testing
