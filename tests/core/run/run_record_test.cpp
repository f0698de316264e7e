#include "core/run/run_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file_error.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace temper::run {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

RunRecord example() {
  RunRecord record;
  record.id = "smollm2-1a2b3c4d";
  record.name = "smollm2";
  record.created = "2026-11-24T06:30:00.000Z";
  record.state = RunState::kFailed;
  record.host = "node1";
  record.supervisor_pid = 4242;
  record.supervisor_start = 18'446'744'073'709'551'615ULL;
  record.attempts = {{.id = "aaaaaaaa",
                      .started = "2026-11-24T06:30:01.000Z",
                      .ended = "2026-11-24T06:31:00.000Z",
                      .host = "node1",
                      .num_ranks = 2,
                      .slot_workers = 3,
                      .exit_code = 75,
                      .first_step = 0,
                      .last_step = 49},
                     AttemptRecord()};
  record.attempts[1].id = "bbbbbbbb";
  record.attempts[1].started = "2026-11-24T06:31:05.000Z";
  record.attempts[1].host = "node2";
  record.message = "rank 1 was lost";
  return record;
}

void expect_refused(const std::string& text, const std::string& problem) {
  try {
    parse_run_record(text, "/runs/x/run.json");
    ADD_FAILURE() << "no error for " << text.substr(0, 200);
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/runs/x/run.json"));
    EXPECT_THAT(error.what(), HasSubstr(problem));
  }
}

TEST(RunRecordTest, GoesThereAndBack) {
  const std::string text = to_json(example());
  const RunRecord parsed = parse_run_record(text, "x");
  EXPECT_EQ(to_json(parsed), text);
  EXPECT_EQ(parsed.state, RunState::kFailed);
  EXPECT_EQ(parsed.supervisor_start, example().supervisor_start);
  ASSERT_EQ(parsed.attempts.size(), 2U);
  EXPECT_EQ(parsed.attempts[0].exit_code, 75);
  EXPECT_EQ(parsed.attempts[0].num_ranks, 2);
  EXPECT_EQ(parsed.attempts[1].exit_code, std::nullopt);
  EXPECT_EQ(parsed.attempts[1].first_step, -1);
}

TEST(RunRecordTest, EveryStateHasItsName) {
  RunRecord record = example();
  for (const auto& [state, name] :
       std::vector<std::pair<RunState, std::string>>{{RunState::kPending, "pending"},
                                                     {RunState::kRunning, "running"},
                                                     {RunState::kDone, "done"},
                                                     {RunState::kFailed, "failed"},
                                                     {RunState::kStopped, "stopped"}}) {
    record.state = state;
    EXPECT_EQ(run_state_name(state), name);
    EXPECT_EQ(parse_run_record(to_json(record), "x").state, state);
  }
}

TEST(RunRecordTest, EveryTruncationIsExplained) {
  const std::string whole = to_json(example());
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    expect_refused(whole.substr(0, length), "cut short");
  }
}

TEST(RunRecordTest, EveryWrongFieldIsNamed) {
  const json whole = json::parse(to_json(example()));
  for (const auto& [name, value] : whole.items()) {
    json changed = whole;
    changed.erase(name);
    if (name != "job") {  // which older ones don't have
      expect_refused(changed.dump(), name + ": is missing");
    }
    changed[name] = json::array({1});
    expect_refused(changed.dump(), name + ": ");
  }
  for (const auto& [name, value] : whole["attempts"][1].items()) {
    json changed = whole;
    changed["attempts"][1].erase(name);
    expect_refused(changed.dump(), "attempts[1]: " + name + ": is missing");
    changed["attempts"][1][name] = json::array();
    expect_refused(changed.dump(), "attempts[1]: " + name + ": ");
  }
}

TEST(RunRecordTest, AnOlderRecordHasNoJob) {
  json older = json::parse(to_json(example()));
  older.erase("job");
  EXPECT_EQ(parse_run_record(older.dump(), "run.json").job, "");
}

TEST(RunRecordTest, UnknownStateAndVersionAreRefused) {
  json changed = json::parse(to_json(example()));
  changed["state"] = "paused";
  expect_refused(changed.dump(), "'paused' is none of pending");
  changed["version"] = 2;
  expect_refused(changed.dump(), "newer Temper");
}

TEST(RunRecordTest, FileIsReplacedWhole) {
  const testing::TemporaryDirectory folder;
  const RunLayout layout{folder / "run"};
  EXPECT_FALSE(read_run_record(layout));
  RunRecord record = example();
  write_run_record(layout, record);
  record.message = "text that is \xFF not UTF-8";
  write_run_record(layout, record);
  const auto read = read_run_record(layout);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->message, "text that is \xEF\xBF\xBD not UTF-8");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(layout.root),
                          std::filesystem::directory_iterator()),
            1);
}

TEST(RunRecordTest, UnwritableRunDirectoryIsTheUsersError) {
  const testing::TemporaryDirectory folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0555));
  EXPECT_EQ(testing::run_in_child([&]() -> std::string {
              testing::drop_root();
              try {
                write_run_record({folder.path()}, example());
              } catch (const FileError& error) {
                const std::string message = error.what();
                return error.exit_code() == ExitCode::kUser &&
                               message.find("run.json") != std::string::npos
                           ? ""
                           : message;
              }
              return "no error";
            }),
            0);
}

}  // namespace
}  // namespace temper::run
