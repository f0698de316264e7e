#include "trainer/train/progress_log.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace temper::train {
namespace {

TEST(ProgressLogTest, AppendsWhatIsReadBackAndSkipsTornLines) {
  const testing::TemporaryDirectory folder;
  const std::filesystem::path path = folder / "progress.jsonl";
  for (const std::int64_t step : {1, 2}) {
    ProgressLog log(path);  // as after a restart
    run::ProgressRecord record;
    record.step = step;
    record.loss = 0.5;
    EXPECT_TRUE(log.append(record));
  }
  testing::write_file(path, testing::read_file(path) + "{\"step\": 3, \"lo");
  const std::vector<run::ProgressRecord> records = run::read_progress(path);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].step, 2);
  EXPECT_EQ(records[1].loss, 0.5);
}

TEST(ProgressLogTest, TornLastLineDoesNotTakeTheNextWithIt) {
  const testing::TemporaryDirectory folder;
  const std::filesystem::path path = folder / "progress.jsonl";
  testing::write_file(path, "{\"step\": 3, \"lo");
  run::ProgressRecord record;
  record.step = 4;
  EXPECT_TRUE(ProgressLog(path).append(record));
  const std::vector<run::ProgressRecord> records = run::read_progress(path);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].step, 4);
}

TEST(ProgressLogTest, RankWithoutAFileDropsRecords) {
  ProgressLog log;
  EXPECT_TRUE(log.append({}));
}

TEST(ProgressLogTest, FullDiskIsAValueNotAnException) {
  ProgressLog log("/dev/full");
  EXPECT_FALSE(log.append({}));
}

TEST(ProgressLogTest, AbsentFileHasNoRecords) {
  EXPECT_TRUE(run::read_progress("/nonexistent/progress").empty());
}

}  // namespace
}  // namespace temper::train
