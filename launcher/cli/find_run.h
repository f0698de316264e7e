#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/run/run_record.h"

namespace temper::launch {

/// A run directory that has a run.json.
struct FoundRun {
  run::RunLayout layout;
  run::RunRecord record;
};

/// Every run below `runs_root`, oldest first; none if the folder is absent. Broken run.json files
/// are told in `problems`, one line each.
std::vector<FoundRun> list_runs(const std::filesystem::path& runs_root,
                                std::vector<std::string>& problems);

/// By the time of their creation.
void sort_by_age(std::vector<FoundRun>& runs);

/// The one of `runs`, which are those of `runs_root`, by its whole id, the last part of its id, or
/// its name if only one has it. UserError if there is none (with the nearest ids) or several (with
/// their ids).
FoundRun choose_run(const std::vector<FoundRun>& runs, const std::string& runs_root,
                    const std::string& wanted);

/// A run by its path, or as choose_run() does. UserError as there.
FoundRun find_run(const std::filesystem::path& runs_root, const std::string& wanted);

}  // namespace temper::launch
