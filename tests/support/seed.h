#pragma once

#include <cstdint>

namespace temper::testing {

/// The seed of a randomised test: TEMPER_TEST_SEED, else a new one. Printed, so that a failure can
/// be repeated.
std::uint64_t test_seed();

}  // namespace temper::testing
