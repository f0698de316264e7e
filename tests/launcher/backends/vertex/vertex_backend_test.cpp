#include "launcher/backends/vertex/vertex_backend.h"

#include <gmock/gmock.h>

#include <sstream>

#include "core/base/error.h"
#include "launcher/backends/vertex/google_services.h"
#include "tests/launcher/backends/backend_scenario.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_transport.h"

namespace temper::launch {
namespace {

using run::RunState;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kJobs =
    "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/"
    "customJobs";
constexpr const char* kNoJobs = "{}";

recipe::Cluster example_cluster() {
  recipe::Cluster cluster;
  cluster.kind = recipe::ClusterKind::kVertex;
  cluster.ranks = 1;
  cluster.vertex.project = "p";
  cluster.vertex.region = "europe-west4";
  cluster.vertex.machine_type = "e2-standard-8";
  cluster.vertex.image = "temper";
  return cluster;
}

std::string job(const std::string& id, const std::string& state,
                const std::string& created = "2026-11-29T12:00:00Z") {
  return R"({"name": "projects/1/locations/r/customJobs/)" + id + R"(", "state": "JOB_STATE_)" +
         state + R"(", "createTime": ")" + created + R"("})";
}

std::string entries(const std::string& first, const std::string& second) {
  return R"({"entries": [{"insertId": "1", "timestamp": "2026-11-29T12:00:01Z", "textPayload": ")" +
         first + R"("}, {"insertId": "2", "timestamp": "2026-11-29T12:00:02Z", "textPayload": ")" +
         second + R"("}]})";
}

class VertexBackendTest : public ::testing::Test {
 protected:
  void answer(const std::string& body, int status = 200) {
    http::Response response;
    response.status = status;
    response.body = body;
    script_->answers.emplace_back(response);
  }
  void break_connection() {
    script_->answers.emplace_back(
        http::TransportError(http::TransportError::Kind::kBroken, "connection reset"));
  }

  static JobSpec spec() { return bucket_job(example_cluster()); }
  static run::RunRecord running(const std::string& job_id = "42") {
    return running_record("vertex", job_id);
  }

  const testing::SentRequest& sent(std::size_t index) const { return script_->sent.at(index); }

  std::string refusal() {
    try {
      backend_.submit(spec());
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }

  testing::FakeClock clock_;
  std::shared_ptr<testing::ScriptedTransport::Script> script_ =
      std::make_shared<testing::ScriptedTransport::Script>();
  VertexBackend backend_{example_cluster(), [this] {
                           return http::Client(
                               std::make_unique<testing::ScriptedTransport>(script_),
                               google_service(nullptr), clock_, {});
                         }};
};

TEST_F(VertexBackendTest, RendersTheJobAndHowItIsSent) {
  const RenderedJob rendered = backend_.render(spec());
  EXPECT_THAT(rendered.commands.at(0),
              AllOf(HasSubstr("--json @/cache/tiny-0a1b2c3d/job.json"), HasSubstr(kJobs)));
  EXPECT_EQ(rendered.files.at(0).name, "job.json");
  EXPECT_THAT(script_->sent, SizeIs(0));  // no network
}

TEST_F(VertexBackendTest, SubmitsWhatItRenders) {
  answer(kNoJobs);
  answer(job("42", "PENDING"));
  EXPECT_EQ(backend_.submit(spec()), "42");
  EXPECT_EQ(sent(0).url,
            std::string(kJobs) + "?filter=labels.temper_run%3Dtiny-0a1b2c3d&pageSize=100");
  EXPECT_EQ(sent(1).method, "POST");
  EXPECT_EQ(sent(1).body, backend_.render(spec()).files.at(0).content);
  EXPECT_EQ(sent(1).headers.get("Content-Type"), "application/json");
}

TEST_F(VertexBackendTest, ARepeatedSubmitFindsTheFirstJob) {
  answer(R"({"customJobs": [)" + job("41", "FAILED") + R"(], "nextPageToken": "t"})");
  answer(R"({"customJobs": [)" + job("42", "QUEUED", "2026-11-29T13:00:00Z") + "]}");
  EXPECT_EQ(backend_.submit(spec()), "42");
  EXPECT_THAT(sent(1).url, HasSubstr("pageToken=t"));
  EXPECT_THAT(script_->sent, SizeIs(2));
}

TEST_F(VertexBackendTest, AnEndedJobMakesRoomForItsResume) {
  answer(R"({"customJobs": [)" + job("41", "FAILED") + "]}");
  answer(job("42", "PENDING"));
  EXPECT_EQ(backend_.submit(spec()), "42");
}

TEST_F(VertexBackendTest, ALostAnswerIsLookedForUntilItIsSeen) {
  answer(kNoJobs);
  break_connection();
  answer(kNoJobs);  // the list lags behind
  answer(R"({"customJobs": [)" + job("42", "QUEUED") + "]}");
  EXPECT_EQ(backend_.submit(spec()), "42");
  EXPECT_THAT(script_->sent, SizeIs(4));
}

TEST_F(VertexBackendTest, ARequestIsNeverSentTwice) {
  answer(kNoJobs);
  answer("", 503);
  answer(kNoJobs);
  EXPECT_THAT(refusal(), HasSubstr("Vertex AI did not take the job: cannot make a custom job: HTTP "
                                   "status 503"));
  EXPECT_THAT(script_->sent, SizeIs(3));
}

TEST_F(VertexBackendTest, PassesVertexsWordsOn) {
  for (const auto& [status, words] :
       {std::pair(403, "Permission 'aiplatform.customJobs.create' denied"),
        std::pair(429, "The following quota metrics exceed quota limits: custom_model_training"),
        std::pair(400, "Invalid value for machine_type")}) {
    answer(kNoJobs);
    answer(std::string(R"({"error": {"message": ")") + words + "\"}}", status);
    answer(kNoJobs);
    EXPECT_THAT(refusal(), HasSubstr(words));
  }
}

TEST_F(VertexBackendTest, AsksForTheJobOfTheRecordOrTheNewestOfTheRun) {
  answer(job("42", "RUNNING"));
  EXPECT_EQ(backend_.state(running()).state, RunState::kRunning);
  EXPECT_EQ(sent(0).url, std::string(kJobs) + "/42");
  answer(R"({"customJobs": [)" + job("43", "QUEUED") + "]}");
  EXPECT_EQ(backend_.state(running("")).state, RunState::kPending);
}

TEST_F(VertexBackendTest, KeepsTheRecordWhileVertexCannotBeAsked) {
  answer(R"({"error": {"message": "denied"}})", 403);
  const BackendState state = backend_.state(running());
  EXPECT_EQ(state.state, RunState::kRunning);
  EXPECT_THAT(state.note, HasSubstr("as the run's record says; cannot ask for custom job 42"));
}

TEST_F(VertexBackendTest, CancelsAJobThatIsUnderWay) {
  answer(job("42", "RUNNING"));
  answer("{}");
  backend_.cancel(running());
  EXPECT_EQ(sent(1).url, std::string(kJobs) + "/42:cancel");
  answer(job("42", "SUCCEEDED"));
  EXPECT_THROW(backend_.cancel(running()), UserError);
}

TEST_F(VertexBackendTest, PrintsTheLastLinesOldestFirst) {
  answer(job("42", "FAILED"));
  answer(entries("newer", "older"));
  std::ostringstream out;
  EXPECT_TRUE(backend_.print_log(running(), {}, out));
  EXPECT_EQ(out.str(), "older\nnewer\n");
  EXPECT_THAT(sent(1).body, AllOf(HasSubstr(R"("orderBy":"timestamp desc")"),
                                  HasSubstr(R"("resourceNames":["projects/p"])")));
}

TEST_F(VertexBackendTest, FollowsTheLogUntilAfterTheJobsEnd) {
  answer(job("42", "RUNNING"));
  answer(kNoJobs);  // nothing is logged yet
  answer(entries("one", "two"));
  answer(job("42", "SUCCEEDED"));
  answer(R"({"entries": [{"insertId": "3", "timestamp": "2026-11-29T12:00:03Z",)"
         R"( "textPayload": "three"}]})");
  answer(job("42", "SUCCEEDED"));
  std::ostringstream out;
  LogWindow window;
  window.follow = true;
  EXPECT_TRUE(backend_.print_log(running(), window, out));
  EXPECT_EQ(out.str(), "one\ntwo\nthree\n");
}

TEST_F(VertexBackendTest, ARankIsOnItsReplica) {
  recipe::Cluster cluster = example_cluster();
  cluster.nodes = 3;
  cluster.ranks = 6;
  const VertexBackend backend(cluster, [this] {
    return http::Client(std::make_unique<testing::ScriptedTransport>(script_),
                        google_service(nullptr), clock_, {});
  });
  std::ostringstream out;
  for (const auto& [rank, replica] : {std::pair(1, "workerpool0-0"), std::pair(2, "workerpool1-0"),
                                      std::pair(5, "workerpool1-1")}) {
    answer(job("42", "FAILED"));
    answer("{}");
    LogWindow window;
    window.rank = rank;
    backend.print_log(running(), window, out);
    EXPECT_THAT(script_->sent.back().body, HasSubstr(replica));
  }
}

}  // namespace
}  // namespace temper::launch
