#include "core/base/process_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/check.h"
#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace temper {
namespace {

class SystemProcess final : public Process {
 public:
  SystemProcess(pid_t pid, bool own_process_group)
      : pid_(pid), target_(own_process_group ? -pid : pid) {}
  SystemProcess(const SystemProcess&) = delete;
  SystemProcess& operator=(const SystemProcess&) = delete;

  ~SystemProcess() override {
    if (!poll()) {
      signal(SIGKILL);
      wait();
    }
  }

  int pid() const override { return pid_; }
  std::optional<ExitStatus> poll() override {
    reap(WNOHANG);
    return status_;
  }
  ExitStatus wait() override {
    reap(0);
    return *status_;
  }
  void signal(int number) override {
    if (!status_) {
      ::kill(target_, number);  // fails only if it has just ended
    }
  }

 private:
  void reap(int options) {
    if (status_) {
      return;
    }
    int raw = 0;
    pid_t ended;
    do {
      ended = ::waitpid(pid_, &raw, options);
    } while (ended < 0 && errno == EINTR);
    CHECK(ended >= 0, "waitpid({}): {}", pid_, std::strerror(errno));
    if (ended == pid_) {
      status_ = ExitStatus{WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw)};
    }
  }

  const pid_t pid_;
  const pid_t target_;  // of signals
  std::optional<ExitStatus> status_;
};

/// The actions and attributes of one posix_spawn call, freed at the end.
class SpawnSetup {
 public:
  SpawnSetup() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  void redirect(int fd, int stream) { ::posix_spawn_file_actions_adddup2(&actions_, fd, stream); }

  /// We may block or ignore signals to handle them ourselves; a child starts with none of that.
  void reset_signals(bool own_process_group) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (own_process_group) {
      ::posix_spawnattr_setpgroup(&attributes_, 0);
      flags |= POSIX_SPAWN_SETPGROUP;
    }
    ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

UniqueFd open_output(const std::filesystem::path& path) {
  if (path.empty()) {
    return UniqueFd();
  }
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.valid()) {
    throw UserError(fmt::format("cannot open {} for a program's output: {}", path.string(),
                                std::strerror(errno)));
  }
  return fd;
}

/// "NAME=value" lines of ours, replaced and completed by `added`.
std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> lines;
  const Environment ours = Environment::from_process();
  for (const auto& [name, value] : ours.variables()) {
    if (!added.contains(name)) {
      lines.push_back(name + "=" + value);
    }
  }
  for (const auto& [name, value] : added) {
    lines.push_back(name + "=" + value);
  }
  return lines;
}

/// The null-terminated array that exec wants. Borrows from `texts`.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::unique_ptr<Process> SystemProcessRunner::start(const Command& command) {
  CHECK(!command.argv.empty(), "a command without a program");
  const UniqueFd output = open_output(command.output);
  const UniqueFd errors = open_output(command.errors);
  SpawnSetup setup;
  if (output.valid()) {
    setup.redirect(output.get(), STDOUT_FILENO);
  }
  if (output.valid() || errors.valid()) {
    setup.redirect(errors.valid() ? errors.get() : output.get(), STDERR_FILENO);
  }
  setup.reset_signals(command.own_process_group);

  std::vector<std::string> argument_texts = command.argv;
  std::vector<std::string> environment_texts = merged_environment(command.environment);
  const std::vector<char*> arguments = pointers_to(argument_texts);
  const std::vector<char*> environment = pointers_to(environment_texts);
  pid_t pid = -1;
  // glibc starts it by vfork and hands the error of exec back; no half-started child remains.
  const int error = ::posix_spawnp(&pid, arguments[0], setup.actions(), setup.attributes(),
                                   arguments.data(), environment.data());
  if (error != 0) {
    throw UserError(fmt::format("cannot start {}: {}. Is it installed and in PATH?",
                                command.argv[0], std::strerror(error)));
  }
  return std::make_unique<SystemProcess>(pid, command.own_process_group);
}

}  // namespace temper
