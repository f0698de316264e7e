#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/run/run_layout.h"
#include "core/run/run_record.h"
#include "core/storage/object_store.h"
#include "launcher/cli/context.h"
#include "launcher/cli/find_run.h"

namespace temper::launch {

/// A store with this program's environment; its warnings go to stderr.
std::unique_ptr<storage::ObjectStore> open_store_for(Context& context, const std::string& location);

/// Copies what changed in a run's directory to its bucket; nothing where `runs`, the place of runs,
/// is none.
void copy_to_bucket(Context& context, const run::RunLayout& layout, const std::string& runs);

/// Writes run.json and copies to the bucket.
void keep_record(Context& context, const run::RunLayout& layout, const std::string& runs,
                 const run::RunRecord& record);

/// list_runs, or the runs below a bucket's URL, each brought into this machine's working folder.
std::vector<FoundRun> list_runs_anywhere(Context& context, const std::string& runs_root,
                                         std::vector<std::string>& problems);

/// find_run, or the run at a bucket's URL or of that name in the bucket `runs_root`, brought into
/// this machine's working folder. Warns if run.json says that it still runs on another machine.
FoundRun find_run_anywhere(Context& context, const std::string& runs_root,
                           const std::string& wanted);

}  // namespace temper::launch
