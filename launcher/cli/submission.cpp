#include "launcher/cli/submission.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "core/base/error.h"
#include "core/run/bucket_run.h"
#include "core/storage/open_store.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/job_spec.h"
#include "launcher/cli/json_line.h"
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

void write_job_files(const run::RunLayout& layout, const RenderedJob& job) {
  for (const JobFile& file : job.files) {
    write_run_file(layout, layout.root / file.name, file.content);
  }
}

/// As it is before it has a job: pending, and not asked to stop.
void note_pending(Context& context, const std::string& backend, const run::RunLayout& layout,
                  run::RunRecord& record, const std::string& runs) {
  std::error_code absent;
  std::filesystem::remove(layout.stop_request(), absent);
  record.state = run::RunState::kPending;
  record.backend = backend;
  record.job.clear();
  record.host.clear();
  record.supervisor_pid = 0;
  record.supervisor_start = 0;
  record.message.clear();
  keep_record(context, layout, runs, record);
}

}  // namespace

std::optional<EarlierRun> find_earlier_run(Context& context, const std::string& runs,
                                           const std::string& name, const std::string& resolved,
                                           const std::string& cluster) {
  for (FoundRun& found : runs_called(context, runs, name)) {
    const bool is_same =
        holds(found.layout.resolved(), resolved) && holds(found.layout.cluster(), cluster);
    const bool unconfirmed = found.record.state == run::RunState::kPending &&
                             found.record.attempts.empty() && found.record.job.empty() &&
                             found.record.supervisor_pid == 0;
    if (unconfirmed && is_same) {
      return EarlierRun{std::move(found), {}, false};
    }
    const BackendState state = backend_of(context, found)->state(found.record);
    if (is_active(state.state)) {
      EarlierRun earlier{std::move(found), state, true};
      if (!is_same) {
        refuse_name(earlier);
      }
      return earlier;
    }
  }
  return std::nullopt;
}

void refuse_name(const EarlierRun& earlier) {
  throw UserError(fmt::format(
      "a run called {} is {} already: {}; cancel it, or choose another name with --name",
      earlier.run.record.name, run::run_state_name(earlier.state.state), earlier.run.record.id));
}

run::RunRecord hand_over(Context& context, Backend& backend, const JobSpec& spec,
                         run::RunRecord record, const std::string& runs) {
  const run::RunLayout layout{spec.launch.run_dir};
  write_job_files(layout, backend.render(spec));
  note_pending(context, backend.name(), layout, record, runs);
  record.job = backend.submit(spec);
  run::write_run_record(layout, record);
  return record;
}

void hand_over_sweep(Context& context, const std::string& backend, SweepJob& job,
                     const std::vector<JobSpec>& specs, std::vector<run::RunRecord>& records,
                     const std::string& runs) {
  write_job_files({specs.front().launch.run_dir}, job.render(specs));
  for (std::size_t i = 0; i < specs.size(); ++i) {
    note_pending(context, backend, {specs[i].launch.run_dir}, records[i], runs);
  }
  const std::vector<std::string> names = job.submit(specs);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    records[i].job = names[i];
    run::write_run_record({specs[i].launch.run_dir}, records[i]);
  }
}

void tell_submitted(Context& context, const run::RunRecord& record, const run::RunLayout& layout,
                    bool json) {
  if (json) {
    const nlohmann::ordered_json line = {{"id", record.id},
                                         {"name", record.name},
                                         {"backend", record.backend},
                                         {"job", record.job},
                                         {"folder", layout.root.string()}};
    context.out << json_line(line) << std::endl;
  } else {
    context.out << record.id
                << (record.job.empty() ? ""
                                       : fmt::format(" ({} job {})", record.backend, record.job))
                << std::endl;
  }
}

}  // namespace temper::launch
