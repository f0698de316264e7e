#include "launcher/backends/slurm/submit_once.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "launcher/backends/captured_run.h"
#include "launcher/backends/slurm/job_state.h"

namespace temper::launch {

std::optional<std::string> find_job_named(ProcessRunner& runner, const std::string& name) {
  const CapturedRun run =
      run_captured(runner, {"squeue", "--noheader", "--me", "--name=" + name, "--format=%F"});
  return run.code == 0 ? parse_sbatch_answer(run.out) : std::nullopt;
}

std::string submit_once(ProcessRunner& runner, const std::string& name,
                        const std::vector<std::string>& sbatch) {
  if (const auto id = find_job_named(runner, name)) {
    return *id;
  }
  const CapturedRun sent = run_captured(runner, sbatch);
  if (sent.code == 0) {
    if (const auto id = parse_sbatch_answer(sent.out)) {
      return *id;
    }
  }
  // A failure doesn't mean that nothing was sent: the answer of slurmctld may have been lost.
  if (const auto id = find_job_named(runner, name)) {
    return *id;
  }
  throw UserError(fmt::format("sbatch did not take the job: {}; mend it and repeat the command",
                              complaint_of(sent)));
}

}  // namespace temper::launch
