#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace temper {

struct Command {
  std::vector<std::string> argv;                   ///< argv[0] is looked up in PATH
  std::map<std::string, std::string> environment;  ///< added to the parent's
  std::filesystem::path output;       ///< stdout and stderr appended here; empty: inherited
  std::filesystem::path errors = {};  ///< stderr appended here instead; empty: with stdout
  bool own_process_group = true;      ///< so that signals reach its children too
};

/// How a process ended: an exit code, or 128 + signal.
struct ExitStatus {
  int code = 0;
  bool operator==(const ExitStatus&) const = default;
};

/// A started process. Destroying it while it runs kills its process group and waits.
class Process {
 public:
  virtual ~Process() = default;
  virtual int pid() const = 0;
  /// The status if it has ended, else nullopt at once.
  virtual std::optional<ExitStatus> poll() = 0;
  virtual ExitStatus wait() = 0;
  /// Sends a signal to the process (and its group if it has its own). No-op once it ended.
  virtual void signal(int number) = 0;
};

/// The only place that forks. Thread-safe.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  /// Throws UserError if the program can't be found or started.
  virtual std::unique_ptr<Process> start(const Command& command) = 0;
};

class SystemProcessRunner final : public ProcessRunner {
 public:
  std::unique_ptr<Process> start(const Command& command) override;
};

}  // namespace temper
