#include "launcher/cli/export_source.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "core/base/error.h"
#include "core/export/adapter_tensors.h"
#include "core/export/card_facts.h"
#include "core/export/check_record.h"
#include "core/hub/local_model.h"
#include "core/model/adapter_format.h"
#include "core/recipe/recipe_io.h"
#include "core/run/bucket_run.h"
#include "core/run/progress_record.h"
#include "core/storage/local_copy.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/recipe_options.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;

fs::path bring(Context& context, const std::string& location) {
  return hub::local_model(location, hub::ModelParts::kAll, context.environment.cache_directory(),
                          store_options(context), context.clock);
}

std::string progress_text(const run::RunLayout& layout) {
  const std::vector<run::ProgressRecord> records = run::read_progress(layout.progress());
  return records.empty()
             ? std::string("before its first step")
             : fmt::format("at step {} of {}", records.back().step, records.back().total_steps);
}

/// The run's adapter/, out of its bucket if it lives in one.
fs::path find_adapter(Context& context, const FoundRun& run, const recipe::Recipe& recipe) {
  if (recipe.adapter.type != recipe::AdapterType::kLora) {
    throw UserError(fmt::format(
        "run {} trained all weights (adapter.type: none): there is no adapter to export, its model "
        "is whole already: {}",
        run.record.id, run.layout.model().string()));
  }
  if (fs::is_directory(run.layout.adapter())) {
    return run.layout.adapter();
  }
  if (run.record.state != run::RunState::kDone) {
    throw UserError(fmt::format(
        "run {} is {} {} and has no adapter yet; `temper resume {}` goes on with it", run.record.id,
        run::run_state_name(run.record.state), progress_text(run.layout), run.record.id));
  }
  const std::string url = run::bucket_url(run.layout, recipe.checkpoint.to);
  if (url.empty()) {
    throw UserError(
        fmt::format("{}: the adapter of the finished run is gone; `temper resume {}` "
                    "writes it again from the last checkpoint",
                    run.layout.adapter().string(), run.record.id));
  }
  return storage::local_copy(url + "/adapter", context.environment.cache_directory(),
                             store_options(context), context.clock);
}

ExportSource source_of_run(Context& context, const FoundRun& run) {
  const recipe::Recipe recipe = recipe::read_recipe(run.layout.resolved());
  ExportSource source;
  source.adapter = find_adapter(context, run, recipe);
  exporting::require_compared(exporting::require_checked(source.adapter), source.adapter);
  source.base = recipe.model.base;
  source.chat_template = recipe.model.chat_template;
  source.facts = exporting::facts_of_run(recipe, run.layout);
  return source;
}

ExportSource source_of_folder(const fs::path& folder) {
  if (exporting::read_check_record(folder)) {
    exporting::require_checked(folder);
  }
  const fs::path path = folder / exporting::kAdapterConfigFile;
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  ExportSource source;
  source.adapter = folder;
  source.base = model::read_adapter_config(text, path.string()).base_name;
  source.facts.title = fs::absolute(folder / ".").parent_path().filename().string();
  source.facts.base_name = source.base;
  source.facts.base_path = source.base;
  source.facts.versions = {"Temper " TEMPER_VERSION};
  return source;
}

}  // namespace

ExportSource find_export_source(Context& context, const std::string& runs_root,
                                const std::string& wanted) {
  std::error_code absent;
  if (fs::is_regular_file(fs::path(wanted) / exporting::kAdapterConfigFile, absent)) {
    return source_of_folder(wanted);
  }
  return source_of_run(context, find_run_anywhere(context, runs_root, wanted));
}

std::unique_ptr<model::BaseModel> open_export_base(Context& context, const ExportSource& source,
                                                   const std::string& given) {
  const std::string& wanted = given.empty() ? source.base : given;
  if (wanted.empty()) {
    throw UserError(fmt::format("{}: does not name its base model; give it with --base",
                                source.adapter.string()));
  }
  // PEFT names a base by its Hub id.
  const bool on_hub = exporting::is_hub_id(wanted) && !fs::exists(wanted);
  const fs::path path = bring(context, on_hub ? "hf://" + wanted : wanted);
  if (given.empty() && !fs::exists(path)) {
    throw UserError(fmt::format(
        "the base model {} is not on this machine; say where it is with --base", wanted));
  }
  auto base = model::BaseModel::open(path);
  const auto record = exporting::read_check_record(source.adapter);
  if (record && record->base_fingerprint != base->fingerprint()) {
    const std::string what = fmt::format(
        "{}: these are not the weights that the adapter was trained on (fingerprint {:.12}, they "
        "had {:.12})",
        path.string(), base->fingerprint(), record->base_fingerprint);
    if (given.empty()) {
      throw UserError(what + "; give the right ones with --base");
    }
    context.err << what << ", or they are stored otherwise\n";
  }
  return base;
}

}  // namespace temper::launch
