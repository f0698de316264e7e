// The crash matrix: a save that dies at each of its store operations, before or after it took
// effect, must leave the last committed checkpoint to be found.

#include <gtest/gtest.h>

#include <functional>

#include "core/run/checkpoint_manifest.h"
#include "core/run/run_layout.h"
#include "core/storage/file_store.h"
#include "core/storage/memory_store.h"
#include "tests/core/run/saved_checkpoint.h"
#include "tests/support/faulty_store.h"
#include "tests/support/temporary_directory.h"

namespace temper::run {
namespace {

using testing::FaultyStore;

constexpr const char* kOld = "step-00000020.aaa";
constexpr const char* kNew = "step-00000030.bbb";

/// Three committed checkpoints, the newest is kOld.
void save_history(storage::ObjectStore& store) {
  for (const std::int64_t step : {5, 10, 20}) {
    save(store, step, "aaa");
  }
}

/// One save as the trainer does it: shares, manifest, collection.
void save_new(storage::ObjectStore& store) {
  save(store, 30, "bbb");
  collect_checkpoints(store, kNew, 1);
}

std::string found_in(const storage::ObjectStore& store) {
  const auto candidates = find_checkpoint(store);
  const bool found = !candidates.empty() && candidates.back().problem.empty();
  return found ? candidates.back().folder : "(none)";
}

struct StoreKind {
  const char* name;
  std::function<std::unique_ptr<storage::ObjectStore>(const testing::TemporaryDirectory&)> make;
};

class CheckpointCrashTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  static int operations_of_a_save() {
    storage::MemoryStore store;
    save_history(store);
    FaultyStore counting(store);
    save_new(counting);
    return counting.num_operations();
  }
};

TEST_P(CheckpointCrashTest, DyingAtAnyOperationKeepsACommittedCheckpoint) {
  const int num_operations = operations_of_a_save();
  ASSERT_GT(num_operations, 10);
  int num_old = 0;
  for (int index = 0; index < num_operations; ++index) {
    for (const bool takes_effect : {false, true}) {
      const testing::TemporaryDirectory folder;
      const auto store = GetParam().make(folder);
      save_history(*store);
      FaultyStore faulty(*store);
      faulty.fail({.index = index, .takes_effect = takes_effect, .all_later_fail = true});
      EXPECT_THROW(save_new(faulty), storage::StorageError);
      const bool committed = store->size(std::string(kNew) + "/MANIFEST.json").has_value();
      EXPECT_EQ(found_in(*store), committed ? kNew : kOld) << index << takes_effect;
      num_old += committed ? 0 : 1;

      // The next attempt goes on over the remains.
      save(*store, 30, "ccc");
      EXPECT_EQ(found_in(*store).substr(0, 13), "step-00000030");
    }
  }
  // Two shares and the manifest: dead before or after each, except after the manifest.
  EXPECT_EQ(num_old, 5);
}

TEST_P(CheckpointCrashTest, LosingTheLastWritesKeepsACommittedCheckpoint) {
  const int num_operations = operations_of_a_save();
  for (std::size_t num_lost = 0; num_lost < static_cast<std::size_t>(num_operations); ++num_lost) {
    const testing::TemporaryDirectory folder;
    const auto store = GetParam().make(folder);
    save_history(*store);
    FaultyStore faulty(*store);
    save_new(faulty);
    faulty.drop_last_writes(num_lost);
    const bool committed = store->size(std::string(kNew) + "/MANIFEST.json").has_value();
    EXPECT_EQ(found_in(*store), committed ? kNew : kOld) << num_lost;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Stores, CheckpointCrashTest,
    ::testing::Values(
        StoreKind{"Memory", [](const auto&) { return std::make_unique<storage::MemoryStore>(); }},
        StoreKind{"File",
                  [](const auto& folder) {
                    return std::make_unique<storage::FileStore>(folder.path());
                  }}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace temper::run
