#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/run/run_record.h"
#include "launcher/backends/supervisor.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_process_runner.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {

/// Signals that arrive at given polls of the supervisor.
class ScriptedSignals final : public SignalSource {
 public:
  void at_poll(int poll, int number) { due_.emplace_back(poll, number); }
  std::optional<int> poll() override {
    if (!due_.empty() && polls_ >= due_.front().first) {
      const int number = due_.front().second;
      due_.pop_front();
      return number;
    }
    ++polls_;
    return std::nullopt;
  }

 private:
  int polls_ = 0;
  std::deque<std::pair<int, int>> due_;
};

/// What the supervisor told.
struct Listener final : RunObserver {
  void on_attempt(const run::AttemptRecord& attempt, int /*number*/) override {
    attempts.push_back(attempt.id);
  }
  void on_progress(const run::ProgressRecord& record) override { steps.push_back(record.step); }
  void on_message(const std::string& message) override { messages.push_back(message); }

  std::vector<std::string> attempts;
  std::vector<std::int64_t> steps;
  std::vector<std::string> messages;
};

/// A supervisor over fakes and a run in a temporary folder.
struct Scenario {
  Scenario();

  /// A process that takes the steps (first, last] when it starts, says `log` and ends with `code`.
  testing::ScriptedProcess process(int code, std::int64_t last_step, const std::string& log = "");
  Verdict supervise(const RestartPolicy& policy);
  run::RunRecord record() const { return *run::read_run_record(layout); }

  testing::TemporaryDirectory folder;
  testing::FakeClock clock;
  testing::FakeProcessRunner runner;
  ScriptedSignals signals;
  Listener listener;
  run::RunLayout layout;
  LaunchSpec spec;
};

}  // namespace temper::launch
