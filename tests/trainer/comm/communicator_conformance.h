#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "trainer/comm/communicator.h"

namespace temper::comm {

/// A backend of the conformance suite: every backend passes the same tests.
struct ConformanceBackend {
  std::string name;
  int num_ranks = 1;
  /// Runs the body once on each rank, at the same time, and returns when all of this process's have
  /// ended.
  std::function<void(const std::function<void(Communicator&)>&)> run;
};

/// Instantiate with INSTANTIATE_TEST_SUITE_P in a test program of the backend.
class CommunicatorConformanceTest : public ::testing::TestWithParam<ConformanceBackend> {};

}  // namespace temper::comm
