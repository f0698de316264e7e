#include "launcher/backends/progress_follower.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using ::temper::testing::TemporaryDirectory;

std::string line_of(std::int64_t step, std::optional<double> loss,
                    std::optional<double> eval_loss = std::nullopt) {
  run::ProgressRecord record;
  record.time = "2026-11-24T06:30:00.000Z";
  record.attempt = "a";
  record.step = step;
  record.total_steps = 10;
  record.loss = loss;
  record.eval_loss = eval_loss;
  return run::to_json_line(record) + "\n";
}

void append(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::app | std::ios::binary) << text;
}

TEST(ProgressFollowerTest, WaitsForAFileThatIsNotThere) {
  const TemporaryDirectory folder;
  ProgressFollower follower(folder / "progress.jsonl", 0);
  EXPECT_TRUE(follower.take().empty());
  append(folder / "progress.jsonl", line_of(1, 2.0));
  ASSERT_EQ(follower.take().size(), 1U);
  EXPECT_TRUE(follower.take().empty());
}

TEST(ProgressFollowerTest, PutsALineTogetherWhereverItWasCut) {
  const std::string text = line_of(1, 2.0) + line_of(2, 1.5, 3.0);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const TemporaryDirectory folder;
    ProgressFollower follower(folder / "progress.jsonl", 0);
    append(folder / "progress.jsonl", text.substr(0, cut));
    std::vector<run::ProgressRecord> records = follower.take();
    append(folder / "progress.jsonl", text.substr(cut));
    for (const run::ProgressRecord& record : follower.take()) {
      records.push_back(record);
    }
    ASSERT_EQ(records.size(), 2U) << cut;
    EXPECT_EQ(records[1].eval_loss, 3.0) << cut;
  }
}

TEST(ProgressFollowerTest, PassesOverTornAndForeignLines) {
  const TemporaryDirectory folder;
  append(folder / "progress.jsonl", "{\"step\": 1, \"lo\nhello\n" + line_of(3, 1.0));
  const auto records = ProgressFollower(folder / "progress.jsonl", 0).take();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].step, 3);
}

TEST(ProgressFollowerTest, StartsWhereItIsTold) {
  const TemporaryDirectory folder;
  const std::string first = line_of(1, 2.0);
  append(folder / "progress.jsonl", first + line_of(2, 1.0));
  const auto records = ProgressFollower(folder / "progress.jsonl", first.size()).take();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].step, 2);
}

TEST(ProgressSummaryTest, KeepsTheFirstAndTheLastLosses) {
  const TemporaryDirectory folder;
  append(folder / "progress.jsonl",
         line_of(0, std::nullopt, 5.0) + line_of(1, 4.0) + line_of(2, 3.0, 2.5));
  const ProgressSummary summary = summarise_progress(folder / "progress.jsonl");
  EXPECT_EQ(summary.last_step, 2);
  EXPECT_EQ(summary.total_steps, 10);
  EXPECT_EQ(summary.first_loss, 4.0);
  EXPECT_EQ(summary.last_loss, 3.0);
  EXPECT_EQ(summary.first_eval_loss, 5.0);
  EXPECT_EQ(summary.last_eval_loss, 2.5);
}

TEST(ProgressSummaryTest, IsEmptyForAnAbsentFile) {
  EXPECT_EQ(summarise_progress("/nonexistent/progress.jsonl").last_step, -1);
}

}  // namespace
}  // namespace temper::launch
