#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "core/recipe/cluster.h"
#include "core/run/run_record.h"
#include "launcher/backends/launch_command.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// What to start for a run on a cluster.
LaunchSpec launch_spec(const std::filesystem::path& trainer, const recipe::Cluster& cluster,
                       const run::RunLayout& layout, const std::string& allow_changed);

/// --trace FILE.
void add_trace_option(CLI::App& app, std::string& file);

/// Runs the next attempts of a run in the foreground: shows progress (`json`: as records), passes
/// signals on, and at the end tells the result or the trainer's last errors. Returns the exit code.
/// The caller holds the run's lock. `runs` is the recipe's checkpoint.to: if it is a bucket's URL,
/// the run's files are copied there meanwhile. The ranks' timelines come together in `spec.trace`.
int run_in_foreground(Context& context, const recipe::Cluster& cluster,
                      const run::RunRecord& record, const LaunchSpec& spec, const std::string& runs,
                      bool json);

}  // namespace temper::launch
