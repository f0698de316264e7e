// Pushes under schedules of faults that a seed decides: answers lost before and after the commit,
// races, rate limits, failures, cut uploads, and processes that are killed at any request. Whatever
// happens, readers see at most one commit of the push with all of its files, and a later push from
// the outbox ends it.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>

#include "tests/core/hub/push_scene.h"
#include "tests/support/seed.h"

namespace temper::hub::testing {
namespace {

using nlohmann::json;
using temper::testing::write_file;

constexpr int kNumSchedules = 500;
constexpr int kMaxProcesses = 6;

class Schedule {
 public:
  Schedule(std::uint64_t seed, PushScene& scene) : random_(seed), scene_(scene) {}

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool one_in(std::int64_t count) { return between(1, count) == 1; }

  PushTarget target() {
    PushTarget target{"org/adapter", "main", true, false};
    if (one_in(3)) {
      scene_.make_repository({{"name", "org/adapter"}, {"files", {{"README.md", "theirs"}}}});
      target.create_pr = one_in(3);
    }
    if (one_in(3) && !target.create_pr) {
      target.revision = "runs/one";
    }
    return target;
  }

  void set_faults() {
    json faults = json::array();
    for (std::int64_t i = between(0, 6); i > 0; --i) {
      faults.push_back(fault());
    }
    scene_.faults(faults);
  }

  Killer killer() {
    return one_in(2) ? Killer{static_cast<int>(between(0, 25)), one_in(2)} : Killer{};
  }

 private:
  json fault() {
    static const std::vector<std::string> kPlaces = {
        "/commit/",      "/commit/", "/commit/",  "/upload/",    "/preupload/",
        "objects/batch", "/verify",  "/complete", "/revision/",  "/paths-info",
        "/commits/",     "/create",  "/branch/",  "/discussions"};
    const std::string place = kPlaces[static_cast<std::size_t>(
        between(0, static_cast<std::int64_t>(kPlaces.size()) - 1))];
    json fault = {{"path", place}, {"at", between(0, 3)}, {"times", between(1, 3)}};
    switch (between(0, place == "/commit/" ? 8 : 5)) {
      case 0:
        fault["status"] = 503;
        break;
      case 1:
        fault["status"] = 429;
        fault["headers"] = {{"RateLimit", "\"api\";r=0;t=30"}};
        break;
      case 2:
        fault["lose_reply"] = true;
        break;
      case 3:
        fault["cut_reply"] = between(0, 40);
        break;
      case 4:
        fault["cut_request"] = between(0, 1000);
        break;
      case 5:
        fault["refuse"] = true;
        break;
      case 6:
        fault["done_status"] = one_in(2) ? 500 : 504;
        break;
      default:
        fault["race"] = {{"other.txt", std::to_string(between(0, 1'000'000'000))}};
        if (one_in(2)) {
          fault["race"]["README.md"] = std::to_string(between(0, 1'000'000'000));
        }
    }
    return fault;
  }

  std::mt19937_64 random_;
  PushScene& scene_;
};

/// All branches and pull requests: what a reader could have seen of the push at any time.
std::string visible_problem(PushScene& scene, const OutboxEntry& entry, int& num_commits) {
  std::map<std::string, json> own;
  const json all = json::parse(scene.emulator().get("history"));
  const json empty = json::object();
  const json& branches = all.contains("models/org/adapter") ? all["models/org/adapter"] : empty;
  for (const auto& [branch, commits] : branches.items()) {
    if (const std::string problem = problem_of(commits, entry); !problem.empty()) {
      return branch + ": " + problem;
    }
    for (const json& commit : commits) {
      if (count_commits(json::array({commit}), entry) == 1) {
        own[commit["commit"]] = commit;
      }
    }
  }
  num_commits = static_cast<int>(own.size());
  return num_commits > 1 ? fmt::format("{} commits", num_commits) : "";
}

/// One process: pushes what the outbox has, and dies or gives up where the schedule says.
void run_process(PushScene& scene, Killer killer) {
  const HubApi api = scene.open("hf_write", &killer);
  try {
    OutboxEntry entry = scene.outbox.list().at(0);
    if (entry.waits()) {
      push_entry(api, scene.outbox, entry);
    }
  } catch (const Killed&) {
    return;
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kRetryable) << error.what();
  }
}

std::string run_schedule(std::uint64_t seed) {
  PushScene scene;
  Schedule schedule(seed, scene);
  if (schedule.one_in(2)) {
    scene.emulator().post("push", R"({"multipart_from": 1000, "part_bytes": 30000})");
  }
  write_file(scene.adapter / "seed.safetensors", std::to_string(seed));
  const OutboxEntry entry = scene.put(schedule.target());
  int num_commits = 0;
  for (std::int64_t left = schedule.between(1, kMaxProcesses); left > 0; --left) {
    schedule.set_faults();
    run_process(scene, schedule.killer());
    if (std::string problem = visible_problem(scene, entry, num_commits); !problem.empty()) {
      return problem;
    }
  }
  scene.emulator().post("heal");
  run_process(scene, Killer{});
  if (std::string problem = visible_problem(scene, entry, num_commits); !problem.empty()) {
    return problem;
  }
  const OutboxEntry after = scene.outbox.list().at(0);
  if (!after.done) {
    return "the last push did not end it";
  }
  return num_commits == 1 ? "" : fmt::format("{} commits at the end", num_commits);
}

TEST(PushFaultsTest, EveryScheduleEndsInExactlyOneCommit) {
  const std::uint64_t first = temper::testing::test_seed();
  for (int i = 0; i < kNumSchedules; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    ASSERT_EQ(run_schedule(seed), "") << "TEMPER_TEST_SEED=" << seed;
  }
}

}  // namespace
}  // namespace temper::hub::testing
