#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// What Slurm says about a job.
struct SlurmJob {
  std::string state;   ///< "PENDING", "RUNNING", "NODE_FAIL" …: squeue(1), JOB STATE CODES
  std::string reason;  ///< why it waits or ended, may be empty
  bool operator==(const SlurmJob&) const = default;
};

/// A line `STATE|REASON` of squeue --format=%T|%r or of sacct -P -o State,Reason, the first that
/// has a state. "CANCELLED by 1000" is CANCELLED.
std::optional<SlurmJob> parse_job_line(std::string_view text);

/// JobState= and Reason= of `scontrol --oneliner show job`.
std::optional<SlurmJob> parse_scontrol_job(std::string_view text);

/// The id in what sbatch --parsable prints, "12" or "12;cluster", after any warnings. nullopt if
/// there is none.
std::optional<std::string> parse_sbatch_answer(std::string_view text);

/// Whether the job still is in the queue or on its nodes.
bool is_queued_or_running(const SlurmJob& job);

/// The state of a run by its record and its job (nullopt: Slurm no longer knows it). A state that
/// the run itself has written as final stands. Pure.
BackendState state_of_job(const run::RunRecord& record, const std::optional<SlurmJob>& job);

}  // namespace temper::launch
