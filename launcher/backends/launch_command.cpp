#include "launcher/backends/launch_command.h"

#include <fmt/format.h>

#include <vector>

namespace temper::launch {
namespace {

void append(std::vector<std::string>& argv, std::initializer_list<std::string> more) {
  argv.insert(argv.end(), more);
}

/// Open MPI on this machine; the variables are passed on to the ranks by name.
std::vector<std::string> local_starter(const LaunchSpec& spec) {
  std::vector<std::string> argv = {"mpirun"};
  if (spec.as_root) {
    append(argv, {"--allow-run-as-root"});
  }
  append(argv, {"--oversubscribe", "--bind-to", "none", "-n", fmt::to_string(spec.ranks)});
  for (const auto& [name, value] : spec.environment) {
    append(argv, {"-x", name});
  }
  return argv;
}

/// Ours on this machine, which may be one of several.
std::vector<std::string> tcp_starter(const LaunchSpec& spec) {
  std::vector<std::string> argv = {spec.tcp_starter.string(), "start-ranks", "--ranks",
                                   fmt::to_string(spec.ranks / spec.nodes)};
  if (spec.nodes > 1) {
    append(argv, {"--of", fmt::to_string(spec.ranks)});
  }
  append(argv, {"--"});
  return argv;
}

}  // namespace

std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,/:@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
    return word;
  }
  std::string result = "'";
  for (const char c : word) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

std::vector<std::string> rank_command(const LaunchSpec& spec, std::string_view attempt) {
  std::vector<std::string> argv = {spec.trainer.string(),
                                   "--run",
                                   spec.run_dir.string(),
                                   "--ranks",
                                   fmt::to_string(spec.ranks),
                                   "--slot-workers",
                                   fmt::to_string(spec.slot_workers),
                                   "--attempt",
                                   std::string(attempt)};
  if (spec.gpus) {
    append(argv, {"--gpus"});
  }
  if (spec.ranks > 1) {
    append(argv, {"--heartbeat-timeout", fmt::to_string(spec.heartbeat_timeout_seconds),
                  "--meeting-timeout", fmt::to_string(spec.meeting_timeout_seconds)});
  }
  if (!spec.allow_changed.empty()) {
    append(argv, {"--allow-changed", spec.allow_changed});
  }
  if (spec.hold_after_step > 0) {
    append(argv, {"--hold-after-step", fmt::to_string(spec.hold_after_step)});
  }
  if (!spec.trace.empty()) {
    append(argv, {"--trace"});
  }
  return argv;
}

Command attempt_command(const LaunchSpec& spec, std::string_view attempt,
                        const std::filesystem::path& output) {
  Command command;
  command.output = output;
  command.environment = spec.environment;
  if (!spec.rank_starter.empty()) {
    command.argv = spec.rank_starter;
  } else if (spec.ranks > 1) {
    command.argv = spec.tcp_starter.empty() ? local_starter(spec) : tcp_starter(spec);
  }
  const std::vector<std::string> rank = rank_command(spec, attempt);
  command.argv.insert(command.argv.end(), rank.begin(), rank.end());
  return command;
}

std::string shell_line(const Command& command) {
  std::string line;
  for (const auto& [name, value] : command.environment) {
    line += fmt::format("{}={} ", name, shell_word(value));
  }
  for (const std::string& word : command.argv) {
    line += shell_word(word) + " ";
  }
  line.pop_back();
  return line;
}

std::string shell_line(const std::vector<std::string>& argv) {
  Command command;
  command.argv = argv;
  return shell_line(command);
}

}  // namespace temper::launch
