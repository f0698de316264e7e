#include "launcher/backends/captured_run.h"

#include "launcher/backends/memory_file.h"
#include "launcher/backends/restart_policy.h"

namespace temper::launch {

CapturedRun run_captured(ProcessRunner& runner, const std::vector<std::string>& argv,
                         const std::map<std::string, std::string>& environment) {
  const MemoryFile out("stdout");
  const MemoryFile err("stderr");
  Command command;
  command.argv = argv;
  command.environment = environment;
  command.output = out.path();
  command.errors = err.path();
  CapturedRun run;
  run.code = runner.start(command)->wait().code;
  run.out = out.read();
  run.err = err.read();
  return run;
}

std::string complaint_of(const CapturedRun& run) {
  const std::string& text =
      run.err.find_first_not_of(" \n") == std::string::npos ? run.out : run.err;
  const std::size_t begin = text.find_first_not_of(" \n");
  if (begin == std::string::npos) {
    return describe_exit(run.code);
  }
  const std::size_t end = text.find('\n', begin);
  return text.substr(begin, end == std::string::npos ? end : end - begin);
}

}  // namespace temper::launch
