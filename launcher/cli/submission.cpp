#include "launcher/cli/submission.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "core/base/error.h"
#include "core/run/bucket_run.h"
#include "core/storage/open_store.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/new_run.h"

namespace temper::launch {
namespace {

/// The runs called `name`; in a bucket only they are looked at.
std::vector<FoundRun> runs_called(Context& context, const std::string& runs,
                                  const std::string& name) {
  std::vector<FoundRun> found;
  if (storage::is_bucket_url(runs)) {
    for (const std::string& id : run::list_run_ids(*open_store_for(context, runs))) {
      if (id.starts_with(name + "-")) {
        found.push_back(find_run_anywhere(context, runs, runs + "/" + id));
      }
    }
  } else {
    std::vector<std::string> problems;
    found = list_runs(runs, problems);
  }
  std::erase_if(found, [&](const FoundRun& run) { return run.record.name != name; });
  return found;
}

bool holds(const std::filesystem::path& file, const std::string& text) {
  std::error_code absent;
  return std::filesystem::exists(file, absent) && read_text(file) == text;
}

}  // namespace

std::optional<FoundRun> find_unconfirmed_run(Context& context, const std::string& runs,
                                             const std::string& name, const std::string& resolved,
                                             const std::string& cluster) {
  for (FoundRun& found : runs_called(context, runs, name)) {
    const bool unconfirmed =
        found.record.state == run::RunState::kPending && found.record.attempts.empty();
    if (unconfirmed && found.record.job.empty() && found.record.supervisor_pid == 0 &&
        holds(found.layout.resolved(), resolved) && holds(found.layout.cluster(), cluster)) {
      return std::move(found);
    }
    const BackendState state = backend_of(context, found)->state(found.record);
    if (is_active(state.state)) {
      throw UserError(fmt::format(
          "a run called {} is {} already: {}; cancel it, or choose another name with --name", name,
          run::run_state_name(state.state), found.record.id));
    }
  }
  return std::nullopt;
}

run::RunRecord hand_over(Context& context, Backend& backend, const JobSpec& spec,
                         run::RunRecord record, const std::string& runs) {
  const run::RunLayout layout{spec.launch.run_dir};
  for (const JobFile& file : backend.render(spec).files) {
    write_run_file(layout, layout.root / file.name, file.content);
  }
  std::error_code absent;
  std::filesystem::remove(layout.stop_request(), absent);
  record.state = run::RunState::kPending;
  record.backend = backend.name();
  record.job.clear();
  record.host.clear();
  record.supervisor_pid = 0;
  record.supervisor_start = 0;
  record.message.clear();
  keep_record(context, layout, runs, record);
  record.job = backend.submit(spec);
  run::write_run_record(layout, record);
  return record;
}

}  // namespace temper::launch
