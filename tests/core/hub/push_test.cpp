// The push against an emulated Hub: what it does when all goes well, and in each of the ways in
// which it goes wrong.

#include "core/hub/push.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/core/hub/push_scene.h"

namespace temper::hub::testing {
namespace {

using nlohmann::json;
using temper::testing::write_file;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PushTarget kTarget{"org/adapter", "main", true, false};
constexpr const char* kCommitPath = "/commit/";

int num_requests(PushScene& scene, const std::string& part) {
  int count = 0;
  for (const json& request : scene.requests()) {
    count += request["path"].get<std::string>().find(part) != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST(PushTest, MakesARepositoryAndOneCommitWithEverything) {
  PushScene scene;
  OutboxEntry entry = scene.put(kTarget);
  const PushOutcome outcome = scene.push(entry);
  const json history = scene.history("org/adapter", "main");
  ASSERT_THAT(history, SizeIs(3));  // ours, .gitattributes, the initial one
  EXPECT_EQ(history[0]["commit"], outcome.done.commit);
  EXPECT_EQ(history[0]["title"], "Upload adapter");
  EXPECT_EQ(history[0]["author"], "ann");
  EXPECT_THAT(history[0]["description"].get<std::string>(), HasSubstr("by a test"));
  const json files = PushScene::files_of(entry);
  for (const auto& [path, sha256] : files.items()) {
    EXPECT_EQ(history[0]["files"][path], sha256);
  }
  EXPECT_EQ(outcome.done.url,
            scene.emulator().url() + "/org/adapter/commit/" + outcome.done.commit);
  EXPECT_FALSE(outcome.was_there);
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_EQ(scene.outbox.list().at(0).done, outcome.done);
}

TEST(PushTest, MakesTheRepositoryAsPrivateAsAsked) {
  for (const bool make_private : {true, false}) {
    PushScene scene;
    OutboxEntry entry = scene.put({"ann/adapter", "main", make_private, false});
    scene.push(entry);
    // Whoever has no token sees it or not.
    const HubApi anonymous = scene.open("");
    const Question question{"look", {}};
    const auto answer = anonymous.ask_any(question, http::Idempotency::kAlways,
                                          {.url = anonymous.url("/api/models/ann/adapter")});
    EXPECT_EQ(answer.ok(), !make_private);
  }
}

TEST(PushTest, MakesTheBranch) {
  PushScene scene;
  scene.make_repository({{"name", "org/adapter"}, {"files", {{"old.txt", "old"}}}});
  OutboxEntry entry = scene.put({"org/adapter", "runs/one", true, false});
  scene.push(entry);
  EXPECT_EQ(count_commits(scene.history("org/adapter", "runs/one"), entry), 1);
  EXPECT_EQ(count_commits(scene.history("org/adapter", "main"), entry), 0);
  EXPECT_TRUE(scene.history("org/adapter", "runs/one")[0]["files"].contains("old.txt"));
}

TEST(PushTest, PushesAsAPullRequest) {
  PushScene scene;
  scene.make_repository({{"name", "someone/adapter"}});
  OutboxEntry entry = scene.put({"someone/adapter", "main", true, true});
  const PushOutcome outcome = scene.push(entry);
  EXPECT_EQ(outcome.done.pull_request, scene.emulator().url() + "/someone/adapter/discussions/1");
  EXPECT_EQ(count_commits(scene.history("someone/adapter", "main"), entry), 0);
  EXPECT_EQ(count_commits(scene.history("someone/adapter", "refs/pr/1"), entry), 1);
}

TEST(PushTest, APullRequestWhoseAnswerGotLostIsFoundAgain) {
  for (const json& fault : {json{{"lose_reply", true}}, json{{"done_status", 500}}}) {
    PushScene scene;
    scene.make_repository({{"name", "someone/adapter"}});
    json hit = fault;
    hit["path"] = kCommitPath;
    hit["method"] = "POST";
    scene.faults(json::array({hit}));
    OutboxEntry entry = scene.put({"someone/adapter", "main", true, true});
    const PushOutcome outcome = scene.push(entry);
    EXPECT_TRUE(outcome.was_there);
    EXPECT_THAT(outcome.done.pull_request, HasSubstr("/discussions/1"));
    EXPECT_THAT(scene.history("someone/adapter", "refs/pr/2"), IsEmpty());
    EXPECT_THAT(scene.clock.sleeps(),
                Contains(::testing::Ge(std::chrono::nanoseconds(std::chrono::seconds(60)))));
  }
}

TEST(PushTest, UploadsInParts) {
  PushScene scene;
  scene.emulator().post("push", R"({"multipart_from": 1000, "part_bytes": 20000})");
  write_file(scene.adapter / "small.safetensors", "small");
  OutboxEntry entry = scene.put(kTarget);
  scene.push(entry);
  EXPECT_EQ(scene.history("org/adapter", "main")[0]["files"]["adapter_model.safetensors"],
            PushScene::files_of(entry)["adapter_model.safetensors"]);
  EXPECT_EQ(num_requests(scene, "/4?Signature"), 1);
  EXPECT_EQ(num_requests(scene, "/5?Signature"), 0);
}

TEST(PushTest, ALostAnswerIsNotFollowedByASecondCommit) {
  for (const json& fault :
       {json{{"lose_reply", true}}, json{{"done_status", 500}}, json{{"done_status", 504}}}) {
    PushScene scene;
    json hit = fault;
    hit["path"] = kCommitPath;
    hit["method"] = "POST";
    scene.faults(json::array({hit}));
    OutboxEntry entry = scene.put(kTarget);
    const PushOutcome outcome = scene.push(entry);
    EXPECT_TRUE(outcome.was_there);
    const json history = scene.history("org/adapter", "main");
    EXPECT_EQ(count_commits(history, entry), 1);
    EXPECT_EQ(history[0]["commit"], outcome.done.commit);
  }
}

TEST(PushTest, ALostAnswerIsFoundThoughOthersHaveChangedTheSameFilesSince) {
  PushScene scene;
  OutboxEntry entry = scene.put(kTarget);
  Killer killer{-1, true};
  const HubApi api = scene.open("hf_write", &killer);
  scene.faults(json::array({{{"path", kCommitPath}, {"method", "POST"}, {"lose_reply", true}},
                            {{"path", "/api/models/org/adapter/revision/main"},
                             {"at", 2},
                             {"times", -1},
                             {"status", 503}}}));
  EXPECT_THROW(push_entry(api, scene.outbox, entry), HubError);
  scene.emulator().post("heal");
  scene.make_repository({{"name", "org/adapter"}, {"files", {{"README.md", "by hand"}}}});
  OutboxEntry later = scene.outbox.list().at(0);
  ASSERT_TRUE(later.start);
  EXPECT_TRUE(scene.push(later).was_there);
  const json history = scene.history("org/adapter", "main");
  EXPECT_EQ(count_commits(history, entry), 1);
  EXPECT_NE(history[0]["files"]["README.md"], PushScene::files_of(entry)["README.md"]);
}

TEST(PushTest, FilesThatAreThereAlreadyAreNotCommittedAgain) {
  PushScene scene;
  OutboxEntry first = scene.put(kTarget);
  const PushOutcome outcome = scene.push(first);
  OutboxEntry second = scene.put(kTarget);
  const PushOutcome again = scene.push(second);
  EXPECT_TRUE(again.was_there);
  EXPECT_EQ(again.done.commit, outcome.done.commit);
  EXPECT_EQ(count_commits(scene.history("org/adapter", "main"), second), 0);
}

TEST(PushTest, ABranchThatMovedIsRebasedOn) {
  PushScene scene;
  scene.make_repository({{"name", "org/adapter"}, {"files", {{"README.md", "old"}}}});
  scene.faults(json::array({{{"path", kCommitPath},
                             {"method", "POST"},
                             {"race", {{"other.txt", "theirs"}, {"README.md", "theirs"}}}}}));
  OutboxEntry entry = scene.put(kTarget);
  const PushOutcome outcome = scene.push(entry);
  EXPECT_FALSE(outcome.was_there);
  ASSERT_THAT(outcome.notes, SizeIs(1));
  EXPECT_THAT(outcome.notes[0], HasSubstr("\"Update by hand\" by bob"));
  const json history = scene.history("org/adapter", "main");
  EXPECT_EQ(count_commits(history, entry), 1);
  EXPECT_TRUE(history[0]["files"].contains("other.txt"));
  EXPECT_EQ(history[1]["author"], "bob");
}

TEST(PushTest, ABranchThatAlwaysMovesIsGivenUpAndExplained) {
  PushScene scene;
  json races = json::array();
  for (int i = 0; i < 20; ++i) {
    races.push_back({{"path", kCommitPath},
                     {"method", "POST"},
                     {"race", {{"other.txt", "theirs " + std::to_string(i)}}}});
  }
  scene.faults(races);
  OutboxEntry entry = scene.put(kTarget);
  try {
    scene.push(entry);
    FAIL() << "no error";
  } catch (const RetryableError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the branch moved 6 times"));
    EXPECT_THAT(error.what(), HasSubstr("by bob"));
  }
  EXPECT_EQ(count_commits(scene.history("org/adapter", "main"), entry), 0);
  // The outbox still has it.
  scene.emulator().post("heal");
  OutboxEntry later = scene.outbox.list().at(0);
  scene.push(later);
  EXPECT_EQ(count_commits(scene.history("org/adapter", "main"), entry), 1);
}

TEST(PushTest, ARateLimitIsObeyed) {
  PushScene scene;
  const json headers = {{"RateLimit", "\"api\";r=0;t=55"},
                        {"RateLimit-Policy", "\"fixed window\";\"api\";q=500;w=300"}};
  scene.faults(json::array(
      {{{"path", kCommitPath}, {"method", "POST"}, {"status", 429}, {"headers", headers}},
       {{"path", "/preupload/"}, {"status", 429}, {"headers", headers}},
       {{"path", "objects/batch"}, {"status", 429}, {"headers", {{"Retry-After", "77"}}}}}));
  OutboxEntry entry = scene.put(kTarget);
  scene.push(entry);
  const auto sleeps = scene.clock.sleeps();
  EXPECT_EQ(std::ranges::count(sleeps, std::chrono::nanoseconds(std::chrono::seconds(56))), 2);
  EXPECT_EQ(std::ranges::count(sleeps, std::chrono::nanoseconds(std::chrono::seconds(77))), 1);
  EXPECT_EQ(count_commits(scene.history("org/adapter", "main"), entry), 1);
}

TEST(PushTest, CutUploadsAreRepeated) {
  PushScene scene;
  scene.emulator().post("push", R"({"multipart_from": 1000, "part_bytes": 20000})");
  scene.faults(json::array({{{"path", "/upload/"}, {"method", "PUT"}, {"cut_request", 5000}},
                            {{"path", "/upload/"}, {"method", "PUT"}, {"lose_reply", true}},
                            {{"path", "/upload/"}, {"method", "PUT"}, {"status", 503}},
                            {{"path", "/complete/"}, {"lose_reply", true}},
                            {{"path", "/verify"}, {"status", 500}}}));
  OutboxEntry entry = scene.put(kTarget);
  scene.push(entry);
  EXPECT_EQ(count_commits(scene.history("org/adapter", "main"), entry), 1);
}

TEST(PushTest, AnUploadWhoseUrlRanOutGetsAnother) {
  PushScene scene;
  scene.faults(json::array({{{"path", "/upload/"},
                             {"method", "PUT"},
                             {"status", 403},
                             {"body", "Request has expired"}}}));
  OutboxEntry entry = scene.put(kTarget);
  scene.push(entry);
  EXPECT_EQ(num_requests(scene, "objects/batch"), 2);
  EXPECT_EQ(count_commits(scene.history("org/adapter", "main"), entry), 1);
}

TEST(PushTest, AHubThatIsDownLeavesTheEntryForLater) {
  PushScene scene;
  scene.faults(json::array({{{"path", "/api/"}, {"times", -1}, {"status", 503}}}));
  OutboxEntry entry = scene.put(kTarget);
  try {
    scene.push(entry);
    FAIL() << "no error";
  } catch (const HubError& error) {
    EXPECT_EQ(error.kind(), HubError::Kind::kUnavailable);
    EXPECT_EQ(error.exit_code(), ExitCode::kRetryable);
  }
  EXPECT_TRUE(scene.outbox.list().at(0).waits());
}

TEST(PushTest, ADamagedEntryIsNotPushed) {
  PushScene scene;
  OutboxEntry entry = scene.put(kTarget);
  write_file(entry.path_of(entry.manifest.files[1]), std::string("{\"r\": 17}"));
  try {
    scene.push(entry);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("is not what was put there"));
  }
  EXPECT_THAT(scene.requests(), IsEmpty());
}

TEST(PushTest, TheTokenGoesToTheHubOnly) {
  PushScene scene;
  scene.emulator().post("push", R"({"multipart_from": 60000, "part_bytes": 20000})");
  write_file(scene.adapter / "small.safetensors", "small");
  OutboxEntry entry = scene.put(kTarget);
  scene.push(entry);
  int uploads = 0;
  for (const json& request : scene.requests()) {
    if (request["host"] == "cdn") {
      ++uploads;
      EXPECT_EQ(request["authorization"], "") << request;
    } else {
      EXPECT_EQ(request["authorization"], "Bearer hf_write") << request;
    }
    EXPECT_THAT(request["path"].get<std::string>(), ::testing::Not(HasSubstr("hf_write")));
  }
  EXPECT_EQ(uploads, 5);
  for (const auto& file : std::filesystem::recursive_directory_iterator(scene.folder.path())) {
    if (file.is_regular_file()) {
      EXPECT_THAT(temper::testing::read_file(file.path()), ::testing::Not(HasSubstr("hf_write")))
          << file.path();
    }
  }
}

}  // namespace
}  // namespace temper::hub::testing
