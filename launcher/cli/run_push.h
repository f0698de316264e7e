#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/hub/outbox.h"
#include "core/hub/push.h"
#include "core/recipe/recipe.h"
#include "core/run/run_record.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// Where a recipe wants its result; its repository is "" if nowhere.
hub::PushTarget push_target(const recipe::Publish& publish);

/// The folders of a finished run that may hold what its recipe wants pushed.
std::vector<std::filesystem::path> result_folders(const run::RunLayout& layout,
                                                  const recipe::Publish& publish);

/// A folder of a run that may be pushed.
struct RunResult {
  std::filesystem::path folder;  ///< adapter/, model/ or merged/
  std::string content;           ///< "final", "step 50": OutboxManifest's
};

/// Puts a run's result into its outbox. Nothing happens, and nullopt is returned, if the same files
/// are there already for the same target, waiting or pushed. UserError or FatalError if the result
/// has not passed its gate or was changed since (docs/export.md).
std::optional<hub::OutboxEntry> put_result(const run::RunLayout& layout,
                                           const run::RunRecord& record, const RunResult& result,
                                           const hub::PushTarget& target, const Clock& clock);

/// Pushes what waits in a run's outbox, in the order it was put, and tells `tell` each with its URL
/// and commit. Only those to `repository` unless that is "". Returns what was pushed. Throws what
/// push_entry() throws, at the first that can't be pushed: later ones may build on it.
std::vector<hub::OutboxEntry> push_waiting(const hub::HubApi& api, const run::RunLayout& layout,
                                           const std::string& repository,
                                           const std::function<void(const std::string&)>& tell);

/// For `push --json`: what was pushed and where it is, on one line. Pure.
std::string pushed_json(const run::RunRecord& record, const hub::OutboxEntry& entry);

}  // namespace temper::launch
