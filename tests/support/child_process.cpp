#include "tests/support/child_process.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>

namespace temper::testing {
namespace {

int outcome_of(const std::function<std::string()>& body) {
  std::string problem;
  try {
    problem = body();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (!problem.empty()) {
    fmt::print(stderr, "in the child process: {}\n", problem);
  }
  return problem.empty() ? 0 : 1;
}

pid_t fork_child(const std::function<std::string()>& body) {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int outcome = outcome_of(body);
    std::fflush(nullptr);
    ::_exit(outcome);  // none of the parent's destructors and reports
  }
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid) {
    throw std::runtime_error("fork or waitpid failed");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int run_in_child(const std::function<std::string()>& body) {
  return wait_for(fork_child(body));
}

int run_in_children(int count, const std::function<std::string(int index)>& body) {
  std::vector<pid_t> pids;
  for (int index = 0; index < count; ++index) {
    pids.push_back(fork_child([&] { return body(index); }));
  }
  int num_succeeded = 0;
  for (const pid_t pid : pids) {
    num_succeeded += wait_for(pid) == 0 ? 1 : 0;
  }
  return num_succeeded;
}

void drop_root() {
  constexpr uid_t kNobody = 65534;
  if (::geteuid() == 0 && ::setuid(kNobody) != 0) {
    throw std::runtime_error("setuid failed");
  }
}

}  // namespace temper::testing
