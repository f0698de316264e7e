#include "core/run/bucket_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/run/run_record.h"
#include "core/storage/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/temporary_directory.h"

namespace temper::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> keys_of(const storage::ObjectStore& store) {
  std::vector<std::string> keys;
  for (const storage::ObjectInfo& object : store.list("")) {
    keys.push_back(object.key);
  }
  return keys;
}

class BucketRunTest : public ::testing::Test {
 protected:
  void make_run(const RunLayout& layout, std::vector<std::string> attempts) {
    testing::write_file(layout.resolved(), "recipe");
    testing::write_file(layout.lock(), "process");
    testing::write_file(layout.attempt_log("a"), "log");
    testing::write_file(layout.adapter() / "weights", "result");
    testing::write_file(layout.checkpoints() / "step-00000001.a/MANIFEST.json", "{}");
    testing::write_file(layout.root / ".temper-0123456789abcdef.unfinished", "part");
    RunRecord record;
    record.id = "run";
    for (std::string& id : attempts) {
      record.attempts.emplace_back().id = std::move(id);
    }
    write_run_record(layout, record);
  }

  testing::TemporaryDirectory folder_;
  const RunLayout here_{folder_ / "here/run"};
  const RunLayout there_{folder_ / "there/run"};
  storage::MemoryStore bucket_;
};

TEST_F(BucketRunTest, LocationsFollowTheRecipe) {
  EXPECT_EQ(bucket_url(here_, "/runs"), "");
  EXPECT_EQ(checkpoints_location(here_, "/runs"), here_.checkpoints().string());
  EXPECT_EQ(bucket_url(here_, "gs://bucket/runs"), "gs://bucket/runs/run");
  EXPECT_EQ(checkpoints_location(here_, "s3://bucket/"), "s3://bucket/run/checkpoints");
  const RunLayout working = working_layout("/cache", "gs://bucket/runs/run/");
  EXPECT_EQ(working.root.filename(), "run");
  EXPECT_NE(working.root, working_layout("/cache", "gs://other/runs/run").root);
  EXPECT_EQ(working.root, working_layout("/cache", "gs://bucket/runs/run").root);
  EXPECT_EQ(working.root, working_layout("/cache", "gs://bucket/runs//run").root);
}

TEST_F(BucketRunTest, PushCopiesWhatIsTheRuns) {
  make_run(here_, {"a"});
  RunMirror(here_, bucket_).push();
  EXPECT_THAT(keys_of(bucket_),
              ElementsAre("adapter/weights", "logs/attempt-a.log", "resolved.yaml", "run.json"));
}

TEST_F(BucketRunTest, PushSendsOnlyWhatChanged) {
  make_run(here_, {"a"});
  testing::FaultyStore counting(bucket_);
  RunMirror mirror(here_, counting);
  mirror.push();
  const int first = counting.num_operations();
  mirror.push();
  EXPECT_EQ(counting.num_operations(), first);
  testing::write_file(here_.progress(), "line");
  mirror.push();
  EXPECT_GT(counting.num_operations(), first);
  EXPECT_TRUE(bucket_.size("progress.jsonl").has_value());
}

TEST_F(BucketRunTest, RecordIsLast) {
  make_run(here_, {"a"});
  testing::FaultyStore faulty(bucket_);
  faulty.fail(
      {.index = 2, .operation = testing::FaultyStore::Operation::kWrite, .all_later_fail = true});
  EXPECT_THROW(RunMirror(here_, faulty).push(), storage::StorageError);
  EXPECT_FALSE(bucket_.size("run.json").has_value());
}

TEST_F(BucketRunTest, PullBringsTheRunButNotItsResults) {
  make_run(here_, {"a"});
  RunMirror(here_, bucket_).push();
  pull_run(there_, bucket_);
  EXPECT_EQ(testing::read_file(there_.resolved()), "recipe");
  EXPECT_EQ(testing::read_file(there_.attempt_log("a")), "log");
  EXPECT_EQ(read_run_record(there_)->attempts.size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(there_.adapter()));
}

TEST_F(BucketRunTest, FolderOfTheLastAttemptIsNewerThanTheBucket) {
  make_run(here_, {"a"});
  RunMirror(here_, bucket_).push();
  testing::write_file(here_.resolved(), "newer");
  pull_run(here_, bucket_);
  EXPECT_EQ(testing::read_file(here_.resolved()), "newer");
  make_run(there_, {"a", "b"});
  RunMirror(there_, bucket_).push();
  pull_run(here_, bucket_);
  EXPECT_EQ(testing::read_file(here_.resolved()), "recipe");
}

TEST_F(BucketRunTest, ARunOfPodsOrReplicasIsBroughtAsItIsNow) {
  for (const char* backend : {"kubernetes", "vertex"}) {
    make_run(here_, {"a"});
    RunRecord record = *read_run_record(here_);
    record.backend = backend;
    write_run_record(here_, record);
    RunMirror(here_, bucket_).push();
    pull_run(there_, bucket_);
    record.state = RunState::kDone;
    write_run_record(here_, record);
    RunMirror(here_, bucket_).push();
    pull_run(there_, bucket_);
    EXPECT_EQ(read_run_record(there_)->state, RunState::kDone) << backend;
  }
}

TEST_F(BucketRunTest, ACopyFollowsTheRunUntilItGoesOnThere) {
  make_run(here_, {"a"});
  RunMirror mirror(here_, bucket_);
  mirror.push();
  EXPECT_FALSE(is_copy(here_));
  pull_run(there_, bucket_);
  EXPECT_TRUE(is_copy(there_));
  testing::write_file(here_.progress(), "step 1");
  mirror.push();
  pull_run(there_, bucket_);
  EXPECT_EQ(testing::read_file(there_.progress()), "step 1");
  RunMirror goes_on_there(there_, bucket_);
  EXPECT_FALSE(is_copy(there_));
  testing::write_file(here_.progress(), "steps 1 and 2");
  mirror.push();
  pull_run(there_, bucket_);
  EXPECT_EQ(testing::read_file(there_.progress()), "step 1");
}

TEST_F(BucketRunTest, PullLogsBringsTheRecordAndWhatGrew) {
  make_run(here_, {"a"});
  RunMirror mirror(here_, bucket_);
  testing::write_file(here_.rank_log(1), "one");
  mirror.push();
  pull_run(there_, bucket_);
  testing::write_file(there_.attempt_log("a"), "LOG");  // shows that it is not read again
  testing::write_file(here_.rank_log(1), "one two");
  RunRecord record = *read_run_record(here_);
  record.state = RunState::kDone;
  write_run_record(here_, record);
  mirror.push();
  pull_logs(there_, bucket_);
  EXPECT_EQ(testing::read_file(there_.rank_log(1)), "one two");
  EXPECT_EQ(testing::read_file(there_.attempt_log("a")), "LOG");
  EXPECT_EQ(read_run_record(there_)->state, RunState::kDone);
}

TEST_F(BucketRunTest, PushFilesCopiesThoseAlone) {
  make_run(here_, {"a"});
  RunMirror(here_, bucket_).push_files({"logs/attempt-a.log", "logs/rank-0007.log"});
  EXPECT_THAT(keys_of(bucket_), ElementsAre("logs/attempt-a.log"));
}

TEST_F(BucketRunTest, PlaceWithoutARunIsNamed) {
  try {
    pull_run(here_, bucket_);
    ADD_FAILURE() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("memory://"));
  }
}

}  // namespace
}  // namespace temper::run
