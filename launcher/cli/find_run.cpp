#include "launcher/cli/find_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/spelling.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;

std::optional<FoundRun> open_run(const fs::path& folder) {
  const run::RunLayout layout{fs::absolute(folder).lexically_normal()};
  std::optional<run::RunRecord> record = run::read_run_record(layout);
  if (!record) {
    return std::nullopt;
  }
  return FoundRun{layout, std::move(*record)};
}

bool answers_to(const FoundRun& found, const std::string& wanted) {
  return found.record.id == wanted || found.record.name == wanted ||
         found.record.id.ends_with("-" + wanted);
}

std::string ids_of(const std::vector<FoundRun>& runs) {
  std::string ids;
  for (const FoundRun& found : runs) {
    ids += (ids.empty() ? "" : ", ") + found.record.id;
  }
  return ids;
}

[[noreturn]] void report_unknown(const std::string& runs_root, const std::string& wanted,
                                 const std::vector<FoundRun>& all) {
  std::vector<std::string> names;
  for (const FoundRun& found : all) {
    names.push_back(found.record.id);
    names.push_back(found.record.name);
  }
  throw UserError(fmt::format("no run '{}' in {}{}; `temper list --runs {}` shows the runs there",
                              wanted, runs_root, did_you_mean(wanted, names), runs_root));
}

}  // namespace

std::vector<FoundRun> list_runs(const fs::path& runs_root, std::vector<std::string>& problems) {
  std::vector<FoundRun> runs;
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(runs_root, absent)) {
    try {
      if (std::optional<FoundRun> found = open_run(entry.path())) {
        runs.push_back(std::move(*found));
      }
    } catch (const Error& error) {
      problems.emplace_back(error.what());
    }
  }
  sort_by_age(runs);
  return runs;
}

void sort_by_age(std::vector<FoundRun>& runs) {
  std::sort(runs.begin(), runs.end(), [](const FoundRun& a, const FoundRun& b) {
    return std::tie(a.record.created, a.record.id) < std::tie(b.record.created, b.record.id);
  });
}

FoundRun choose_run(const std::vector<FoundRun>& runs, const std::string& runs_root,
                    const std::string& wanted) {
  std::vector<FoundRun> matches;
  std::copy_if(runs.begin(), runs.end(), std::back_inserter(matches),
               [&](const FoundRun& found) { return answers_to(found, wanted); });
  if (matches.empty()) {
    report_unknown(runs_root, wanted, runs);
  }
  if (matches.size() > 1) {
    throw UserError(fmt::format("several runs are called '{}': {}; give the whole id", wanted,
                                ids_of(matches)));
  }
  return matches.front();
}

FoundRun find_run(const fs::path& runs_root, const std::string& wanted) {
  std::error_code absent;
  if (fs::is_directory(wanted, absent)) {
    if (std::optional<FoundRun> found = open_run(wanted)) {
      return std::move(*found);
    }
    throw UserError(fmt::format("{} is not a run that was started: it has no run.json", wanted));
  }
  std::vector<std::string> problems;
  const std::vector<FoundRun> runs = list_runs(runs_root, problems);
  const bool is_started = std::any_of(
      runs.begin(), runs.end(), [&](const FoundRun& found) { return answers_to(found, wanted); });
  if (!is_started && fs::is_directory(runs_root / wanted, absent)) {
    throw UserError(fmt::format("{} is not a run that was started: it has no run.json",
                                (runs_root / wanted).string()));
  }
  return choose_run(runs, runs_root.string(), wanted);
}

}  // namespace temper::launch
