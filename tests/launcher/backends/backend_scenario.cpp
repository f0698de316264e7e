#include "tests/launcher/backends/backend_scenario.h"

#include <fstream>

namespace temper::launch {
namespace {

constexpr const char* kId = "tiny-0a1b2c3d";

}  // namespace

run::RunRecord running_record(const std::string& backend, const std::string& job) {
  run::RunRecord record;
  record.id = kId;
  record.backend = backend;
  record.job = job;
  record.state = run::RunState::kRunning;
  return record;
}

JobSpec bucket_job(const recipe::Cluster& cluster) {
  JobSpec spec;
  spec.run_id = kId;
  spec.cluster = cluster;
  spec.launch.run_dir = std::string("/cache/") + kId;
  spec.place = std::string("gs://bucket/runs/") + kId;
  return spec;
}

void AnsweringPrograms::answer(const std::string& out, int code, const std::string& err) {
  testing::ScriptedProcess process;
  process.status = {code};
  process.on_start = [out, err](const Command& command) {
    std::ofstream(command.output, std::ios::app) << out;
    std::ofstream(command.errors, std::ios::app) << err;
  };
  runner.script(process);
}

void AnsweringPrograms::answer_not_installed(const std::string& program) {
  testing::ScriptedProcess process;
  process.start_error = "cannot start " + program + ": No such file or directory";
  runner.script(process);
}

std::string AnsweringPrograms::command(std::size_t index) const {
  return shell_line(runner.commands().at(index).argv);
}

}  // namespace temper::launch
