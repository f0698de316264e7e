#include "core/storage/cloud/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace temper::storage {
namespace {

TEST(RunParallelTest, CallsEachIndexOnce) {
  for (const std::size_t count : {0U, 1U, 7U, 100U}) {
    std::vector<std::atomic<int>> calls(count);
    run_parallel(count, [&](std::size_t index) { ++calls[index]; });
    for (const std::atomic<int>& number : calls) {
      EXPECT_EQ(number, 1);
    }
  }
}

TEST(RunParallelTest, ThrowsWhatTheLowestThrew) {
  for (int repeat = 0; repeat < 200; ++repeat) {
    try {
      run_parallel(20, [](std::size_t index) {
        if (index >= 3) {
          throw std::runtime_error(std::to_string(index));
        }
      });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "3");
    }
  }
}

}  // namespace
}  // namespace temper::storage
