#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/backends/backend.h"
#include "launcher/cli/context.h"
#include "launcher/cli/find_run.h"

namespace temper::launch {

/// A run that an earlier `submit` of the same recipe and cluster made.
struct EarlierRun {
  FoundRun run;
  BackendState state;
  /// False: it never heard of its job. It is taken up again, so that repeating the command submits
  /// nothing twice.
  bool is_submitted = false;
};

/// The earlier run of this name that waits, runs or was never confirmed. UserError if one of
/// another recipe or cluster waits or runs under that name.
std::optional<EarlierRun> find_earlier_run(Context& context, const std::string& runs,
                                           const std::string& name, const std::string& resolved,
                                           const std::string& cluster);

/// UserError: the run's name is taken.
[[noreturn]] void refuse_name(const EarlierRun& earlier);

/// Writes the job's files and run.json (pending), hands the job over and notes its name. The caller
/// holds the run's lock.
run::RunRecord hand_over(Context& context, Backend& backend, const JobSpec& spec,
                         run::RunRecord record, const std::string& runs);

/// The same for all runs of a sweep at once. `specs` and `records` correspond; the records are
/// completed.
void hand_over_sweep(Context& context, const std::string& backend, SweepJob& job,
                     const std::vector<JobSpec>& specs, std::vector<run::RunRecord>& records,
                     const std::string& runs);

/// Tells which job the run became: its id and the job's name, or one JSON object.
void tell_submitted(Context& context, const run::RunRecord& record, const run::RunLayout& layout,
                    bool json);

}  // namespace temper::launch
