#include "launcher/cli/run_publisher.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>

#include "core/storage/memory_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

class RunPublisherTest : public ::testing::Test {
 protected:
  std::string log_in_bucket() const {
    const auto bytes = bucket_.read("logs/rank-0000.log");
    return bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : "";
  }
  void wait_for_log(const std::string& content) const {
    while (log_in_bucket() != content) {
      std::this_thread::yield();
    }
  }

  testing::TemporaryDirectory folder_;
  const run::RunLayout layout_{folder_ / "run"};
  storage::MemoryStore bucket_;
  testing::FakeClock clock_;
  RunObserver inner_;
};

TEST_F(RunPublisherTest, LogsReachTheBucketAtEveryIntervalWithoutAStep) {
  testing::write_file(layout_.rank_log(0), "starts");
  RunPublisher publisher(inner_, layout_, std::make_unique<testing::FaultyStore>(bucket_), clock_);
  EXPECT_EQ(log_in_bucket(), "starts");
  testing::write_file(layout_.rank_log(0), "starts, reads");
  publisher.on_look();
  EXPECT_EQ(log_in_bucket(), "starts");
  clock_.advance(BackgroundPush::kInterval);
  publisher.on_look();
  wait_for_log("starts, reads");
  testing::write_file(layout_.rank_log(0), "starts, reads, ends");
  publisher.finish();
  EXPECT_EQ(log_in_bucket(), "starts, reads, ends");
}

}  // namespace
}  // namespace temper::launch
