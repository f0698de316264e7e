#include "launcher/cli/run_push.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/export/adapter_tensors.h"
#include "core/export/check_record.h"
#include "core/export/model_card.h"
#include "core/model/adapter_format.h"
#include "launcher/cli/json_line.h"

namespace temper::launch {
namespace {

std::uint64_t bytes_of(const hub::OutboxManifest& manifest) {
  std::uint64_t bytes = 0;
  for (const hub::OutboxFile& file : manifest.files) {
    bytes += file.size_bytes;
  }
  return bytes;
}

std::string place_of(const hub::PushTarget& target) {
  return fmt::format("hf://{}@{}", target.repository, target.revision);
}

/// exporting::require_checked() without hashing a second time where `files` say all.
exporting::CheckRecord passed_gate(const std::filesystem::path& folder,
                                   const std::vector<hub::OutboxFile>& files) {
  const auto record = exporting::read_check_record(folder);
  const bool all_there = record && std::ranges::all_of(record->files, [&](const auto& checked) {
                           const auto found =
                               std::ranges::find(files, checked.name, &hub::OutboxFile::path);
                           return found != files.end() && found->size_bytes == checked.size_bytes &&
                                  found->sha256 == checked.sha256;
                         });
  return all_there ? *record : exporting::require_checked(folder);
}

void tell_outcome(const hub::OutboxEntry& entry, const hub::PushOutcome& outcome,
                  const std::function<void(const std::string&)>& tell) {
  for (const std::string& note : outcome.notes) {
    tell(note);
  }
  const hub::PushDone& done = outcome.done;
  tell(fmt::format("{} {} to {}: {}", outcome.was_there ? "was pushed before:" : "pushed",
                   entry.manifest.content, place_of(entry.manifest.target),
                   done.pull_request.empty() ? done.url : done.pull_request));
  tell("commit " + done.commit);
}

/// What was trained on a folder of this machine, by a recipe that did not publish.
void require_public_base(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / exporting::kAdapterConfigFile;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return;
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string base = model::read_adapter_config(text, path.string()).base_name;
  if (!exporting::is_hub_id(base)) {
    throw UserError(fmt::format(
        "{}: base_model_name_or_path is '{}', which those who download the adapter do not have; it "
        "is not pushed. `temper resume RUN --set model.name=org/name --allow-changed recipe` "
        "writes "
        "the adapter again with that name, without training",
        path.string(), base));
  }
}

}  // namespace

hub::PushTarget push_target(const recipe::Publish& publish) {
  return {publish.hub, publish.revision, publish.make_private, publish.create_pr};
}

std::vector<std::filesystem::path> result_folders(const run::RunLayout& layout,
                                                  const recipe::Publish& publish) {
  if (publish.form == recipe::PublishForm::kMerged) {
    return {layout.merged()};
  }
  return {layout.adapter(), layout.model()};
}

std::optional<hub::OutboxEntry> put_result(const run::RunLayout& layout,
                                           const run::RunRecord& record, const RunResult& result,
                                           const hub::PushTarget& target, const Clock& clock) {
  const std::vector<hub::OutboxFile> files = hub::describe_folder(result.folder);
  const exporting::CheckRecord check = passed_gate(result.folder, files);
  exporting::require_compared(check, result.folder);
  require_public_base(result.folder);
  const hub::Outbox outbox(layout.outbox());
  for (const hub::OutboxEntry& entry : outbox.list()) {
    if (entry.problem.empty() && entry.manifest.target == target && entry.manifest.files == files) {
      return std::nullopt;
    }
  }
  hub::OutboxContent content;
  content.folder = result.folder;
  content.content = result.content;
  content.target = target;
  content.files = files;
  content.summary = fmt::format("Upload {} of {} ({})", check.kind, record.id, result.content);
  content.description =
      fmt::format("Trained by Temper {} in the run {}.", TEMPER_VERSION, record.id);
  return outbox.put(content, clock);
}

std::vector<hub::OutboxEntry> push_waiting(const hub::HubApi& api, const run::RunLayout& layout,
                                           const std::string& repository,
                                           const std::function<void(const std::string&)>& tell) {
  const hub::Outbox outbox(layout.outbox());
  std::error_code absent;
  if (!std::filesystem::exists(outbox.folder(), absent)) {
    return {};
  }
  const hub::OutboxLock lock(outbox, api.client().logger());
  std::vector<hub::OutboxEntry> pushed;
  for (hub::OutboxEntry& entry : outbox.list()) {
    if (!entry.problem.empty()) {
      tell("not pushed, because it is not whole: " + entry.problem);
    }
    const bool is_wanted = repository.empty() || entry.manifest.target.repository == repository;
    if (!entry.waits() || !is_wanted) {
      continue;
    }
    tell(fmt::format("pushing {} to {}: {} files, {:.1f} MB", entry.manifest.content,
                     place_of(entry.manifest.target), entry.manifest.files.size(),
                     static_cast<double>(bytes_of(entry.manifest)) / 1e6));
    tell_outcome(entry, hub::push_entry(api, outbox, entry), tell);
    pushed.push_back(std::move(entry));
  }
  return pushed;
}

std::string pushed_json(const run::RunRecord& record, const hub::OutboxEntry& entry) {
  const hub::OutboxManifest& manifest = entry.manifest;
  const hub::PushDone done = entry.done.value_or(hub::PushDone{});
  return json_line({{"id", record.id},
                    {"content", manifest.content},
                    {"repository", manifest.target.repository},
                    {"revision", manifest.target.revision},
                    {"commit", done.commit},
                    {"url", done.url},
                    {"pull_request", done.pull_request},
                    {"pushed", done.pushed}});
}

}  // namespace temper::launch
