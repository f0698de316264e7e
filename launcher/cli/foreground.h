#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "core/recipe/cluster.h"
#include "core/run/run_record.h"
#include "launcher/backends/launch_command.h"
#include "launcher/backends/signal_source.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// What to start for a run on a cluster. `program` is this `temper`.
LaunchSpec launch_spec(const std::filesystem::path& program, const std::filesystem::path& trainer,
                       const recipe::Cluster& cluster, const run::RunLayout& layout,
                       const std::string& allow_changed);

/// --trace FILE.
void add_trace_option(CLI::App& app, std::string& file);

/// A run to be taken to its end.
struct ForegroundRun {
  recipe::Cluster cluster;
  run::RunRecord record;
  LaunchSpec spec;
  std::string runs;   ///< the recipe's checkpoint.to; a bucket's URL: files are copied there
  bool json = false;  ///< show progress as records
};

/// Runs the next attempts of a run in the foreground: shows progress, passes signals on, and at the
/// end tells the result or the trainer's last errors. Returns the exit code. The caller holds the
/// run's lock. The ranks' timelines come together in `spec.trace`.
int run_in_foreground(Context& context, const ForegroundRun& run, SignalSource& signals);

}  // namespace temper::launch
