#include "tests/launcher/backends/supervisor_scenario.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/run/progress_record.h"

namespace temper::launch {
namespace {

std::string attempt_of(const Command& command) {
  const auto option = std::find(command.argv.begin(), command.argv.end(), "--attempt");
  return *std::next(option);
}

void append_step(const run::RunLayout& layout, const std::string& attempt, std::int64_t step) {
  run::ProgressRecord record;
  record.time = "2026-11-24T06:30:00.000Z";
  record.attempt = attempt;
  record.step = step;
  record.total_steps = 100;
  record.loss = 1.0;
  std::ofstream(layout.progress(), std::ios::app) << run::to_json_line(record) << "\n";
}

}  // namespace

Scenario::Scenario() : layout{folder.path()} {
  std::filesystem::create_directories(layout.logs());
  spec.trainer = "temper-trainer";
  spec.run_dir = layout.root;
}

testing::ScriptedProcess Scenario::process(int code, std::int64_t last_step,
                                           const std::string& log) {
  testing::ScriptedProcess process;
  process.status = {code};
  process.polls_until_end = 3;
  process.on_start = [this, last_step, log](const Command& command) {
    if (last_step >= 0) {
      append_step(layout, attempt_of(command), last_step);
    }
    std::ofstream(command.output, std::ios::app) << log;
  };
  return process;
}

Verdict Scenario::supervise(const RestartPolicy& policy) {
  run::RunRecord record;
  record.id = "run-1";
  record.name = "run";
  record.host = "here";
  record.created = "2026-11-24T06:30:00.000Z";
  return Supervisor(clock, runner, signals, listener).supervise(record, spec, policy);
}

}  // namespace temper::launch
