#include "launcher/backends/slurm/slurm_backend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "core/base/error.h"
#include "launcher/backends/captured_run.h"
#include "launcher/backends/memory_file.h"
#include "launcher/backends/slurm/batch_script.h"
#include "launcher/backends/slurm/slurm_array.h"
#include "launcher/backends/slurm/submit_once.h"

namespace temper::launch {
namespace {

/// squeue says so with code 1 once a job is gone, and means no failure.
bool is_unknown_job(const CapturedRun& run) {
  return run.err.find("Invalid job id") != std::string::npos;
}

}  // namespace

SlurmBackend::SlurmBackend(ProcessRunner& runner) : runner_(runner) {}

std::string SlurmBackend::name() const {
  return "slurm";
}

RenderedJob SlurmBackend::render(const JobSpec& spec) const {
  RenderedJob job;
  job.commands = {shell_line(sbatch_command(spec))};
  const recipe::RankStarter starter = spec.cluster.slurm.starter == recipe::RankStarter::kAuto
                                          ? recipe::RankStarter::kSrun
                                          : spec.cluster.slurm.starter;
  LaunchSpec ranks = spec.launch;
  ranks.rank_starter = slurm_rank_starter(spec.cluster, starter, ranks);
  job.commands.push_back(shell_line(attempt_command(ranks, "ATTEMPT", {})));
  job.files = {{kBatchScript, batch_script(spec)}};
  return job;
}

std::optional<Rehearsal> SlurmBackend::rehearse(const JobSpec& spec) const {
  const MemoryFile script(kBatchScript, batch_script(spec));
  const CapturedRun run = run_captured(runner_, {"sbatch", "--test-only", script.path().string()});
  if (run.code == 0) {
    return Rehearsal{Rehearsal::Answer::kTakes,
                     complaint_of(run)};  // when and where it would start
  }
  const bool was_asked = run.err.find("allocation failure") != std::string::npos ||
                         run.err.find("job submission failed") != std::string::npos;
  return Rehearsal{was_asked ? Rehearsal::Answer::kRefuses : Rehearsal::Answer::kSilent,
                   complaint_of(run)};
}

std::string SlurmBackend::submit(const JobSpec& spec) {
  return submit_once(runner_, spec.run_id, sbatch_command(spec));
}

std::unique_ptr<SweepJob> SlurmBackend::sweep_job() {
  return std::make_unique<SlurmArray>(runner_);
}

BackendState SlurmBackend::state(const run::RunRecord& record) const {
  if (!is_active(record.state)) {
    return {record.state, record.message};
  }
  if (record.job.empty()) {
    return {record.state,
            "not in the queue: submitting it has not succeeded; repeat `temper submit`"
            " or `temper resume " +
                record.id + "`"};
  }
  try {
    return state_of_job(record, find_job(record.job));
  } catch (const UserError& error) {
    return {record.state, fmt::format("as the run's record says; {}", error.what())};
  }
}

void SlurmBackend::cancel(const run::RunRecord& record) {
  const std::optional<SlurmJob> job = find_job(record.job);
  if (!job || !is_queued_or_running(*job)) {
    throw UserError(fmt::format("run {}: {}", record.id, state_of_job(record, job).note));
  }
  // The batch shell is temper by then, which makes the ranks save their state.
  const bool running = job->state == "RUNNING";
  const std::vector<std::string> argv =
      running ? std::vector<std::string>{"scancel", "--signal=USR2", "--batch", record.job}
              : std::vector<std::string>{"scancel", record.job};
  const CapturedRun run = run_captured(runner_, argv);
  if (run.code != 0) {
    throw UserError(
        fmt::format("run {}: scancel {}: {}", record.id, record.job, complaint_of(run)));
  }
}

std::chrono::milliseconds SlurmBackend::poll_interval() const {
  return std::chrono::seconds(1);  // slurmctld serves everybody
}

std::optional<SlurmJob> SlurmBackend::find_job(const std::string& id) const {
  const CapturedRun queue =
      run_captured(runner_, {"squeue", "--noheader", "--jobs=" + id, "--format=%T|%r"});
  if (queue.code != 0 && !is_unknown_job(queue)) {
    throw UserError(fmt::format("squeue can't be asked for job {}: {}", id, complaint_of(queue)));
  }
  if (const auto job = parse_job_line(queue.out)) {
    return job;
  }
  const CapturedRun control = run_captured(runner_, {"scontrol", "--oneliner", "show", "job", id});
  if (const auto job = parse_scontrol_job(control.out); control.code == 0 && job) {
    return job;
  }
  // Many sites keep no accounting, or no sacct on this machine.
  try {
    const CapturedRun account =
        run_captured(runner_, {"sacct", "--noheader", "--parsable2", "--allocations",
                               "--jobs=" + id, "--format=State,Reason"});
    return account.code == 0 ? parse_job_line(account.out) : std::nullopt;
  } catch (const UserError&) {
    return std::nullopt;
  }
}

recipe::RankStarter choose_starter(ProcessRunner& runner, const recipe::Slurm& slurm) {
  if (slurm.starter != recipe::RankStarter::kAuto) {
    return slurm.starter;
  }
  const CapturedRun list = run_captured(runner, {"srun", "--mpi=list"});
  std::istringstream words(list.out + " " + list.err);  // releases differ in the stream they use
  for (std::string word; words >> word;) {
    if (word == slurm.mpi) {
      return recipe::RankStarter::kSrun;
    }
  }
  return recipe::RankStarter::kMpirun;
}

}  // namespace temper::launch
