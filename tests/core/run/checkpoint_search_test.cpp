// find_checkpoint and collect_checkpoints on stores in every state of repair.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/run/checkpoint_manifest.h"
#include "core/run/run_layout.h"
#include "core/storage/memory_store.h"
#include "tests/core/run/saved_checkpoint.h"
#include "tests/support/faulty_store.h"

namespace temper::run {
namespace {

using storage::StorageError;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

auto good(const std::string& folder) {
  return AllOf(Field("folder", &CheckpointCandidate::folder, folder),
               Field("problem", &CheckpointCandidate::problem, ""));
}

auto bad(const std::string& folder, const std::string& problem) {
  return AllOf(Field("folder", &CheckpointCandidate::folder, folder),
               Field("problem", &CheckpointCandidate::problem, HasSubstr(problem)));
}

class CheckpointSearchTest : public ::testing::Test {
 protected:
  /// Replaces the first share of a saved checkpoint.
  void damage(const std::string& folder, std::string_view content) {
    store_.write(folder + "/" + share_name(0, 2), as_bytes(content));
  }

  storage::MemoryStore store_{"test"};
};

TEST_F(CheckpointSearchTest, EmptyStoreHasNone) {
  EXPECT_THAT(find_checkpoint(store_), IsEmpty());
}

TEST_F(CheckpointSearchTest, TakesTheNewestAndStops) {
  save(store_, 9, "aaa");
  save(store_, 100'000'000, "bbb");  // longer, so sorts before step 20 as text
  save(store_, 20, "ccc");
  const auto found = find_checkpoint(store_);
  EXPECT_THAT(found, ElementsAre(good("step-100000000.bbb")));
  EXPECT_EQ(found[0].manifest.position, 800'000'000U);
}

TEST_F(CheckpointSearchTest, SkipsDamagedOnesAndSaysWhy) {
  save(store_, 10, "aaa");
  damage(save(store_, 20, "aaa"), "short");
  std::string changed = share_content(30, 0);
  changed.back() ^= 1;
  damage(save(store_, 30, "aaa"), changed);
  store_.remove(save(store_, 40, "aaa") + "/" + share_name(1, 2));
  write_shares(store_, 50, "aaa");
  EXPECT_THAT(
      find_checkpoint(store_),
      ElementsAre(bad("step-00000050.aaa", "not finished"),
                  bad("step-00000040.aaa", "state-00002-of-00002.safetensors is missing"),
                  bad("step-00000030.aaa", "is damaged: crc32c"),
                  bad("step-00000020.aaa", "has 5 bytes instead of"), good("step-00000010.aaa")));
}

TEST_F(CheckpointSearchTest, NoticesADifferentObjectWithTheSameCrc) {
  CheckpointManifest manifest = write_shares(store_, 10, "aaa");
  manifest.objects[1].sha256 = std::string(64, '0');
  ASSERT_TRUE(commit_checkpoint(store_, manifest));
  EXPECT_THAT(find_checkpoint(store_), ElementsAre(bad("step-00000010.aaa", "sha256")));
}

TEST_F(CheckpointSearchTest, EveryTruncatedManifestIsSkipped) {
  save(store_, 10, "aaa");
  const std::string folder = checkpoint_name(20, "aaa");
  const std::string whole = to_json(write_shares(store_, 20, "aaa"));
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    store_.write(folder + "/MANIFEST.json", as_bytes(whole).first(length));
    ASSERT_THAT(find_checkpoint(store_),
                ElementsAre(bad(folder, "cut short"), good("step-00000010.aaa")));
  }
}

TEST_F(CheckpointSearchTest, ManifestOfAnotherFolderIsRefused) {
  write_shares(store_, 20, "aaa");
  const std::string other = to_json(write_shares(store_, 10, "aaa"));
  store_.write("step-00000020.aaa/MANIFEST.json", as_bytes(other));
  EXPECT_THAT(find_checkpoint(store_), ElementsAre(bad("step-00000020.aaa", "step-00000010.aaa"),
                                                   bad("step-00000010.aaa", "not finished")));
}

TEST_F(CheckpointSearchTest, ForeignObjectsAreNoCheckpoints) {
  store_.write("step-00000099.aaa", as_bytes("a file"));
  store_.write("step-99.x/MANIFEST.json", as_bytes("{}"));
  store_.write("notes/MANIFEST.json", as_bytes("{}"));
  save(store_, 10, "aaa");
  EXPECT_THAT(find_checkpoint(store_), ElementsAre(good("step-00000010.aaa")));
}

TEST_F(CheckpointSearchTest, StoreThatIsDownIsNotDamage) {
  testing::FaultyStore faulty(store_);
  save(store_, 10, "aaa");
  save(store_, 20, "aaa");
  const int num_before = faulty.num_operations();
  ASSERT_THAT(find_checkpoint(faulty), ElementsAre(good("step-00000020.aaa")));
  const int num_operations = faulty.num_operations() - num_before;
  EXPECT_GT(num_operations, 5);
  for (int index = 0; index < num_operations; ++index) {
    faulty.fail({.index = index});
    EXPECT_THROW(find_checkpoint(faulty), StorageError) << index;
  }
}

TEST_F(CheckpointSearchTest, SecondCommitOfOneNameIsRefused) {
  const CheckpointManifest manifest = write_shares(store_, 10, "aaa");
  EXPECT_TRUE(commit_checkpoint(store_, manifest));
  EXPECT_FALSE(commit_checkpoint(store_, manifest));
}

TEST_F(CheckpointSearchTest, LargeObjectsAreReadInPieces) {
  CheckpointManifest manifest = write_shares(store_, 10, "aaa");
  const std::string large(20'000'001, 'x');
  store_.write("step-00000010.aaa/large", as_bytes(large));
  manifest.objects.push_back({"large", large.size(), 0, std::string(64, '0')});
  ASSERT_TRUE(commit_checkpoint(store_, manifest));
  // The CRC of the whole by a bitwise program in Python.
  EXPECT_THAT(find_checkpoint(store_),
              ElementsAre(bad("step-00000010.aaa", "crc32c 0ac31fa4 instead of 00000000")));
}

TEST_F(CheckpointSearchTest, CollectKeepsTheNewest) {
  for (const std::int64_t step : {10, 20, 30, 40}) {
    save(store_, step, "aaa");
  }
  EXPECT_THAT(collect_checkpoints(store_, "step-00000040.aaa", 2),
              ElementsAre("step-00000020.aaa", "step-00000010.aaa"));
  EXPECT_EQ(store_.list("").size(), 6U);
  EXPECT_THAT(find_checkpoint(store_), ElementsAre(good("step-00000040.aaa")));
  EXPECT_THAT(collect_checkpoints(store_, "step-00000040.aaa", 2), IsEmpty());
}

TEST_F(CheckpointSearchTest, CollectNeverTakesTheNewestVerified) {
  save(store_, 10, "aaa");
  save(store_, 20, "bbb");
  damage(save(store_, 20, "aaa"), "broken");
  damage(save(store_, 30, "aaa"), "broken");
  // Resumed at 20.bbb: what claims to be later is not superseded, what is of its step is.
  EXPECT_THAT(collect_checkpoints(store_, "step-00000020.bbb", 1),
              ElementsAre("step-00000020.aaa", "step-00000010.aaa"));
  EXPECT_THAT(find_checkpoint(store_), ElementsAre(bad("step-00000030.aaa", "6 bytes instead of"),
                                                   good("step-00000020.bbb")));
}

TEST_F(CheckpointSearchTest, CollectTouchesOnlyWhatManifestsName) {
  save(store_, 10, "aaa");
  store_.write("step-00000010.aaa/notes.txt", as_bytes("mine"));
  write_shares(store_, 20, "unfinished");
  save(store_, 30, "aaa");
  EXPECT_THAT(collect_checkpoints(store_, "step-00000030.aaa", 1),
              ElementsAre("step-00000010.aaa"));
  EXPECT_TRUE(store_.size("step-00000010.aaa/notes.txt"));
  EXPECT_EQ(store_.list("step-00000010.aaa/").size(), 1U);
  EXPECT_EQ(store_.list("step-00000020.unfinished/").size(), 2U);
}

}  // namespace
}  // namespace temper::run
