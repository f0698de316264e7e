#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/hub/hub_api.h"
#include "core/hub/outbox.h"
#include "core/hub/push.h"
#include "tests/support/emulator.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace temper::hub::testing {

/// Looks at each request and may throw in its place, before or after it was answered: a process
/// that is killed.
struct Killer {
  int requests_left = -1;     ///< -1: never
  bool after_answer = false;  ///< the request is done, nobody hears of it
};
/// What a killed process throws.
struct Killed {};

/// An adapter, its outbox, and an emulated Hub that is the same for all scenes of a program. Waits
/// take no time.
class PushScene {
 public:
  explicit PushScene(const std::string& token = "hf_write");

  /// A Hub as another process sees it; `killer` outlives it.
  HubApi open(const std::string& token, Killer* killer = nullptr);

  OutboxEntry put(const PushTarget& target, const std::string& content = "final");
  /// With the scene's token.
  PushOutcome push(OutboxEntry& entry);

  temper::testing::Emulator& emulator() { return emulator_; }
  void faults(const nlohmann::json& faults) { emulator_.post("faults", faults.dump()); }
  /// A repository that is there already, with these files (path: text).
  void make_repository(const nlohmann::json& repository) {
    emulator_.post("repository", repository.dump());
  }
  /// [{"commit", "title", "description", "author", "files": {path: sha256}}, …], newest first.
  nlohmann::json history(const std::string& repository, const std::string& branch);
  nlohmann::json state() { return nlohmann::json::parse(emulator_.get("state")); }
  /// Requests that reached the Hub and its second host: [{"host", "method", "path", …}, …].
  nlohmann::json requests() { return nlohmann::json::parse(emulator_.get("requests")); }
  /// path: sha256 of the files of `entry`.
  static nlohmann::json files_of(const OutboxEntry& entry);

  temper::testing::TemporaryDirectory folder;
  const std::filesystem::path adapter = folder / "adapter";
  const Outbox outbox{folder / "outbox"};
  temper::testing::FakeClock clock;

 private:
  temper::testing::Emulator& emulator_;
  std::string token_;
};

/// "" or what is wrong with a repository's history for a reader: a commit with some but not all of
/// the files of `entry` as they are, or more than one commit with its mark.
std::string problem_of(const nlohmann::json& history, const OutboxEntry& entry);
/// How many commits carry the mark of `entry`.
int count_commits(const nlohmann::json& history, const OutboxEntry& entry);

}  // namespace temper::hub::testing
