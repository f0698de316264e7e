// The crash matrix in buckets: a save is interrupted at every request that it makes, in every way:
// the process is killed, the connection is cut in the middle, the answer is lost, the service is
// gone from then on. Whatever happens, a verified checkpoint is found, and never an older one than
// the last committed.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/crc32c.h"
#include "core/base/hash.h"
#include "core/run/checkpoint_manifest.h"
#include "core/run/run_layout.h"
#include "tests/core/storage/cloud_stores.h"

namespace temper::run {
namespace {

using storage::Cloud;
using storage::CloudOptions;

constexpr const char* kOld = "step-00000020.aaa";
constexpr const char* kNew = "step-00000030.bbb";
constexpr std::size_t kLargeBytes = (6U << 20U) + 5;  // in parts

/// One save as the trainer does it: shares (a large one and a small one), manifest, collection.
void save(storage::ObjectStore& store, std::int64_t step, const std::string& attempt) {
  CheckpointManifest manifest;
  manifest.attempt = attempt;
  manifest.step = step;
  manifest.num_ranks = 2;
  for (const int rank : {0, 1}) {
    const std::vector<std::byte> bytes(rank == 0 ? kLargeBytes : 100,
                                       static_cast<std::byte>(step + rank));
    manifest.objects.push_back(
        {share_name(rank, 2), bytes.size(), crc32c(bytes), sha256_hex(bytes)});
    store.write(checkpoint_name(step, attempt) + "/" + share_name(rank, 2), bytes);
  }
  if (!commit_checkpoint(store, manifest)) {
    throw std::runtime_error("somebody else's manifest is there");
  }
  collect_checkpoints(store, checkpoint_name(step, attempt), 1);
}

std::string found_in(const storage::ObjectStore& store, Depth depth) {
  const auto candidates = find_checkpoint(store, depth);
  const bool found = !candidates.empty() && candidates.back().problem.empty();
  return found ? candidates.back().folder : "(none)";
}

class CheckpointCloudCrashTest : public ::testing::TestWithParam<Cloud> {
 protected:
  std::unique_ptr<storage::ObjectStore> open(std::chrono::milliseconds patience) {
    return storage::make_cloud_store(GetParam(),
                                     {.folder = "run/checkpoints",
                                      .policy = storage::quick_retries(patience),
                                      .logger = Logger(LogLevel::kError)},
                                     clock_);
  }
  void reset_to_old() {
    emulator_.post("reset");
    const auto store = open(std::chrono::seconds(20));
    save(*store, 10, "aaa");
    save(*store, 20, "aaa");
    num_before_ = num_requests();
  }
  std::size_t num_requests() { return nlohmann::json::parse(emulator_.get("log")).size(); }
  /// How often one save asks the service.
  std::size_t requests_of_a_save() {
    reset_to_old();
    save(*open(std::chrono::seconds(20)), 30, "bbb");
    return num_requests() - num_before_;
  }

  void check(const std::string& how) {
    emulator_.post("heal");
    const auto store = open(std::chrono::seconds(20));
    const bool committed = store->size(std::string(kNew) + "/MANIFEST.json").has_value();
    for (const Depth depth : {Depth::kQuick, Depth::kFull}) {
      const std::string found = found_in(*store, depth);
      EXPECT_EQ(found, committed ? kNew : kOld) << how;
      num_lost_ += found == (committed ? kNew : kOld) ? 0 : 1;
    }
    ++num_points_;
    save(*store, 30, "ccc");  // the next attempt goes on over the remains
    EXPECT_EQ(found_in(*store, Depth::kQuick).substr(0, 13), "step-00000030") << how;
  }

  /// A child saves; it is killed as soon as it has sent request `index`.
  void kill_at_request(std::size_t index) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        save(*open(std::chrono::seconds(20)), 30, "bbb");
      } catch (const std::exception&) {
      }
      ::_exit(0);
    }
    int status = 0;
    while (num_requests() < num_before_ + index + 1 && ::waitpid(child, &status, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }

  testing::Emulator& emulator_ = storage::emulator_of(GetParam());
  SystemClock clock_;
  std::size_t num_before_ = 0;
  int num_points_ = 0;
  int num_lost_ = 0;
};

TEST_P(CheckpointCloudCrashTest, NoInterruptionLosesACommittedCheckpoint) {
  const std::size_t num_requests = requests_of_a_save();
  ASSERT_GE(num_requests, 10U);
  for (const char* kind : {R"("refuse": true)", R"("lose_reply": true)", R"("cut_request": 40)",
                           R"("cut_reply": 1)", R"("status": 500)"}) {
    for (std::size_t index = 0; index < num_requests; ++index) {
      reset_to_old();
      // The request is hit so, and afterwards the service is gone for this process.
      emulator_.post(
          "faults",
          fmt::format(R"([{{"at": {0}, {1}}}, {{"at": {0}, "times": -1, "refuse": true}}])", index,
                      kind));
      try {
        save(*open(std::chrono::milliseconds(60)), 30, "bbb");
      } catch (const storage::StorageError&) {
      }
      check(fmt::format("{} at {}", kind, index));
    }
  }
  for (std::size_t index = 0; index < num_requests; ++index) {
    reset_to_old();
    // Held back, so that the kill comes before the answer.
    emulator_.post("faults", fmt::format(R"([{{"at": {}, "stall": 0.05}}])", index));
    kill_at_request(index);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    check(fmt::format("killed at {}", index));
  }
  fmt::print("crash matrix: {} points of a save of {} requests, checkpoints lost: {}\n",
             num_points_, num_requests, num_lost_);
  EXPECT_EQ(num_lost_, 0);
}

INSTANTIATE_TEST_SUITE_P(Services, CheckpointCloudCrashTest,
                         ::testing::Values(Cloud::kGcs, Cloud::kS3),
                         [](const auto& test) { return test.param == Cloud::kGcs ? "Gcs" : "S3"; });

}  // namespace
}  // namespace temper::run
