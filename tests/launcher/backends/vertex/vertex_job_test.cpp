#include "launcher/backends/vertex/vertex_job.h"

#include <gmock/gmock.h>

#include "core/base/error.h"

namespace temper::launch {
namespace {

using Phase = VertexJob::Phase;
using run::RunState;
using ::testing::HasSubstr;

constexpr const char* kFailed =
    R"({"name": "projects/1/locations/r/customJobs/42", "state": "JOB_STATE_FAILED",)"
    R"( "createTime": "2026-11-29T12:00:00.5Z", "error": {"code": 3, "message": "no room"}})";

run::RunRecord running() {
  run::RunRecord record;
  record.id = "tiny-0a1b2c3d";
  record.state = RunState::kRunning;
  return record;
}

BackendState state_in(const std::string& state) {
  return state_of_vertex_job(
      running(), parse_vertex_job(R"({"name": "a/42", "state": "JOB_STATE_)" + state + "\"}"));
}

TEST(VertexJobTest, ReadsAJob) {
  const VertexJob job = parse_vertex_job(kFailed);
  EXPECT_EQ(job.id, "42");
  EXPECT_EQ(job.phase, Phase::kFailed);
  EXPECT_EQ(job.problem, "no room");
  EXPECT_FALSE(is_under_way(job));
  EXPECT_THAT(state_of_vertex_job(running(), job).note,
              HasSubstr("job 42 ended as failed (no room) before the run was done; `temper resume "
                        "tiny-0a1b2c3d`"));
}

TEST(VertexJobTest, EveryStateOfVertexIsOneOfOurs) {
  for (const char* state : {"QUEUED", "PENDING", "PAUSED"}) {
    EXPECT_EQ(state_in(state).state, RunState::kPending) << state;
  }
  for (const char* state : {"RUNNING", "CANCELLING", "UPDATING", "A_NEW_ONE"}) {
    EXPECT_EQ(state_in(state).state, RunState::kRunning) << state;
  }
  for (const char* state : {"FAILED", "EXPIRED", "SUCCEEDED", "PARTIALLY_SUCCEEDED"}) {
    EXPECT_EQ(state_in(state).state, RunState::kFailed) << state;
  }
  EXPECT_EQ(state_in("CANCELLED").state, RunState::kStopped);
  EXPECT_EQ(state_in("QUEUED").note, "job 42 is queued");
}

TEST(VertexJobTest, TheRunsOwnEndStands) {
  run::RunRecord record = running();
  record.state = RunState::kDone;
  EXPECT_EQ(state_of_vertex_job(record, parse_vertex_job(kFailed)).state, RunState::kDone);
  EXPECT_EQ(state_of_vertex_job(record, std::nullopt).state, RunState::kDone);
}

TEST(VertexJobTest, AForgottenJobIsNotRunning) {
  const BackendState state = state_of_vertex_job(running(), std::nullopt);
  EXPECT_EQ(state.state, RunState::kFailed);
  EXPECT_THAT(state.note, HasSubstr("knows no job"));
}

TEST(VertexJobTest, ReadsPagesOfJobs) {
  const VertexJobPage page = parse_vertex_jobs(std::string(R"({"customJobs": [)") + kFailed +
                                               R"(], "nextPageToken": "t"})");
  ASSERT_EQ(page.jobs.size(), 1U);
  EXPECT_EQ(page.next, "t");
  EXPECT_TRUE(parse_vertex_jobs("{}").jobs.empty());
}

TEST(VertexJobTest, EveryTruncationIsExplained) {
  const std::string whole = kFailed;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(parse_vertex_job(whole.substr(0, length)), UserError) << length;
    EXPECT_THROW(parse_vertex_jobs(whole.substr(0, length)), UserError) << length;
  }
}

TEST(VertexJobTest, OtherShapesAreExplained) {
  for (const char* json : {"[]", "{}", R"({"name": 7})", R"({"name": "a/"})"}) {
    EXPECT_THROW(parse_vertex_job(json), UserError) << json;
  }
  for (const char* json : {R"({"customJobs": 1})", R"({"customJobs": [1]})"}) {
    EXPECT_THROW(parse_vertex_jobs(json), UserError) << json;
  }
  EXPECT_EQ(parse_vertex_job(R"({"name": "a", "state": 5, "error": []})").phase, Phase::kWaiting);
}

}  // namespace
}  // namespace temper::launch
