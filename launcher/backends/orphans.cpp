#include "launcher/backends/orphans.h"

#include <signal.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace temper::launch {
namespace {

std::optional<int> pid_of(const std::filesystem::path& folder) {
  const std::string name = folder.filename().string();
  int pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(pid)
                                                                  : std::nullopt;
}

}  // namespace

std::vector<int> trainers_of(const std::filesystem::path& run_dir,
                             const std::filesystem::path& proc) {
  using namespace std::string_literals;
  const std::string wanted = "\0--run\0"s + run_dir.string() + "\0"s;
  std::vector<int> pids;
  std::error_code no_proc;
  for (const auto& entry : std::filesystem::directory_iterator(proc, no_proc)) {
    const std::optional<int> pid = pid_of(entry.path());
    if (!pid) {
      continue;
    }
    // Reading fails where the process ends meanwhile, and only inserters keep that from throwing.
    std::ostringstream arguments;  // each ends with '\0'
    arguments << std::ifstream(entry.path() / "cmdline", std::ios::binary).rdbuf();
    if (arguments.str().find(wanted) != std::string::npos) {
      pids.push_back(*pid);
    }
  }
  return pids;
}

void signal_all(const std::vector<int>& pids, int number) {
  for (const int pid : pids) {
    ::kill(pid, number);
  }
}

}  // namespace temper::launch
