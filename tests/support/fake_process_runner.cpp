#include "tests/support/fake_process_runner.h"

#include <signal.h>

#include <stdexcept>

#include "core/base/error.h"

namespace temper::testing {

struct FakeProcessRunner::Record {
  std::vector<Command> commands;
  std::vector<std::pair<int, int>> signals;
};

namespace {

class FakeProcess final : public Process {
 public:
  FakeProcess(int pid, ScriptedProcess script, std::vector<std::pair<int, int>>& signals,
              std::shared_ptr<void> owner)
      : pid_(pid), script_(std::move(script)), signals_(signals), owner_(std::move(owner)) {}
  ~FakeProcess() override {
    if (!status_) {
      signal(SIGKILL);
    }
  }
  FakeProcess(const FakeProcess&) = delete;
  FakeProcess& operator=(const FakeProcess&) = delete;

  int pid() const override { return pid_; }

  std::optional<ExitStatus> poll() override {
    if (status_) {
      return status_;
    }
    if (script_.on_poll) {
      script_.on_poll(script_.polls_until_end);
    }
    if (script_.polls_until_end-- <= 0 && !status_) {
      status_ = script_.status;
    }
    return status_;
  }

  ExitStatus wait() override {
    if (!status_) {
      status_ = script_.status;
    }
    return *status_;
  }

  void signal(int number) override {
    if (status_) {
      return;
    }
    signals_.emplace_back(pid_, number);
    if (const auto found = script_.ends_on_signal.find(number);
        found != script_.ends_on_signal.end()) {
      status_ = found->second;
    } else if (number == SIGKILL) {
      status_ = ExitStatus{128 + SIGKILL};
    }
  }

 private:
  const int pid_;
  ScriptedProcess script_;
  std::vector<std::pair<int, int>>& signals_;
  const std::shared_ptr<void> owner_;  // of signals_
  std::optional<ExitStatus> status_;
};

}  // namespace

FakeProcessRunner::FakeProcessRunner() : record_(std::make_shared<Record>()) {}
FakeProcessRunner::~FakeProcessRunner() = default;

void FakeProcessRunner::script(ScriptedProcess process) {
  scripts_.push_back(std::move(process));
}

std::unique_ptr<Process> FakeProcessRunner::start(const Command& command) {
  if (scripts_.empty()) {
    throw std::logic_error("no process is scripted for " +
                           (command.argv.empty() ? std::string("?") : command.argv[0]));
  }
  ScriptedProcess script = std::move(scripts_.front());
  scripts_.pop_front();
  const int pid = 1000 + static_cast<int>(record_->commands.size());
  record_->commands.push_back(command);
  if (!script.start_error.empty()) {
    throw UserError(script.start_error);
  }
  if (script.on_start) {
    script.on_start(command);
  }
  return std::make_unique<FakeProcess>(pid, std::move(script), record_->signals, record_);
}

const std::vector<Command>& FakeProcessRunner::commands() const {
  return record_->commands;
}

const std::vector<std::pair<int, int>>& FakeProcessRunner::signals() const {
  return record_->signals;
}

}  // namespace temper::testing
