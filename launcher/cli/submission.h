#pragma once

#include <optional>
#include <string>

#include "launcher/backends/backend.h"
#include "launcher/cli/context.h"
#include "launcher/cli/find_run.h"

namespace temper::launch {

/// A run of this name that an earlier `submit` of the same recipe and cluster prepared without ever
/// hearing of its job: it is taken up again, so that repeating the command submits nothing twice.
/// UserError if a run of this name waits or runs already.
std::optional<FoundRun> find_unconfirmed_run(Context& context, const std::string& runs,
                                             const std::string& name, const std::string& resolved,
                                             const std::string& cluster);

/// Writes the job's files and run.json (pending), hands the job over and notes its name. The caller
/// holds the run's lock.
run::RunRecord hand_over(Context& context, Backend& backend, const JobSpec& spec,
                         run::RunRecord record, const std::string& runs);

}  // namespace temper::launch
