#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/process_runner.h"

namespace temper::testing {

/// What one started process is to do.
struct ScriptedProcess {
  ExitStatus status;        ///< how it ends by itself
  int polls_until_end = 0;  ///< how often poll() says "still running" before; wait() skips them
  std::map<int, ExitStatus> ends_on_signal;      ///< SIGKILL always ends it, with 137
  std::function<void(const Command&)> on_start;  ///< the work, e.g. writing progress lines
  std::function<void(int polls_left)> on_poll;   ///< called by each poll() while it runs
  std::string start_error;                       ///< not empty: start() throws UserError with it
};

/// Starts nothing: hands out scripted processes in order and notes what it was asked to do.
/// Starting more than were scripted throws std::logic_error. One thread at a time.
class FakeProcessRunner final : public ProcessRunner {
 public:
  FakeProcessRunner();
  ~FakeProcessRunner() override;

  void script(ScriptedProcess process);
  std::unique_ptr<Process> start(const Command& command) override;

  /// The commands started so far; process i has pid 1000 + i.
  const std::vector<Command>& commands() const;
  /// (pid, signal number) as sent while they ran, in order. The destructor's SIGKILL too.
  const std::vector<std::pair<int, int>>& signals() const;
  std::size_t num_unused() const { return scripts_.size(); }

 private:
  struct Record;
  std::deque<ScriptedProcess> scripts_;
  std::shared_ptr<Record> record_;  // shared with the processes, which may live longer
};

}  // namespace temper::testing
