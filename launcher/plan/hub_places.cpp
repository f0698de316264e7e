#include "launcher/plan/hub_places.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "core/base/error.h"
#include "core/hub/hub_error.h"
#include "core/hub/identity.h"
#include "core/hub/local_model.h"
#include "core/hub/open_hub.h"
#include "core/hub/repository_name.h"
#include "core/hub/snapshot.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;

/// "org/name" or "org/name@revision" where no such folder is.
bool is_plain_hub_name(const std::string& text, const fs::path& base) {
  const std::string name = text.substr(0, text.find('@'));
  return std::count(name.begin(), name.end(), '/') == 1 && hub::is_repository_name(name) &&
         !name.ends_with(".gguf") && !fs::exists(base / text);
}

/// "org/name" if `base` is in a cache of the Hub (…/models--org--name/snapshots/<commit>), else "".
/// A folder elsewhere tells nothing: the _name_or_path of a config.json may be of the model that
/// this one was made from.
std::string hub_id_of_cached(const fs::path& base) {
  constexpr std::string_view kPrefix = "models--";
  constexpr std::string_view kSeparator = "--";
  for (fs::path folder = base.lexically_normal(); folder.has_relative_path();
       folder = folder.parent_path()) {
    const std::string name = folder.parent_path().filename().string();
    if (folder.filename() != "snapshots" || !name.starts_with(kPrefix)) {
      continue;
    }
    std::string id = name.substr(kPrefix.size());
    const std::size_t separator = id.find(kSeparator);
    if (separator != std::string::npos) {
      id.replace(separator, kSeparator.size(), "/");
    }
    return hub::is_repository_name(id) ? id : "";
  }
  return "";
}

/// Nobody who downloads the adapter has that folder, and its path is nobody's business.
void check_base_has_name(const recipe::Recipe& recipe) {
  const std::string& name = recipe.model.name.empty() ? recipe.model.base : recipe.model.name;
  if (recipe.adapter.type == recipe::AdapterType::kLora &&
      (!hub::is_repository_name(name) || name.ends_with(".gguf"))) {
    throw UserError(fmt::format(
        "publish.hub: the adapter would call its base model '{}', which those who download it do "
        "not have; set model.name to its Hub id (org/name), or model.base to hf://org/name",
        name));
  }
}

/// Looks each revision up once, so that two data sources of one branch are of one commit.
class Pins {
 public:
  Pins(const storage::OpenOptions& options, Clock& clock) : options_(options), clock_(clock) {}

  void pin(std::string& place) {
    if (!hub::is_hub_url(place)) {
      return;
    }
    hub::HubLocation location = hub::parse_hub_url(place);
    hub::HubLocation root = location;
    root.path.clear();
    std::string& commit = commits_[root.url()];
    if (commit.empty()) {
      commit = hub::is_commit(location.revision)
                   ? location.revision
                   : hub::find_commit(hub::open_hub(options_, clock_), root);
    }
    location.revision = commit;
    place = location.url();
  }

 private:
  const storage::OpenOptions& options_;
  Clock& clock_;
  std::map<std::string, std::string> commits_;
};

}  // namespace

recipe::Recipe with_pinned_hub_places(recipe::Recipe recipe, const fs::path& base,
                                      const storage::OpenOptions& options, Clock& clock) {
  if (is_plain_hub_name(recipe.model.base, base)) {
    recipe.model.base = "hf://" + recipe.model.base;
  }
  if (hub::is_hub_url(recipe.model.base) && recipe.model.name.empty()) {
    recipe.model.name = hub::parse_hub_url(recipe.model.base).repository.name;
  }
  if (recipe.model.name.empty()) {
    recipe.model.name = hub_id_of_cached(recipe.model.base);
  }
  Pins pins(options, clock);
  pins.pin(recipe.model.base);
  for (auto* sources : {&recipe.data.train, &recipe.data.eval}) {
    for (recipe::DataSource& source : *sources) {
      pins.pin(source.path);
    }
  }
  return recipe;
}

fs::path local_recipe(const std::string& location, const storage::OpenOptions& options,
                      Clock& clock) {
  if (!hub::is_hub_url(location)) {
    return location;
  }
  const hub::HubLocation place = hub::parse_hub_url(location);
  if (place.path.empty()) {
    throw UserError(
        fmt::format("{}: names no file; a recipe on the Hub is like "
                    "hf://org/name/recipe.yaml",
                    location));
  }
  return hub::fetch_file(hub::open_hub(options, clock), place);
}

void check_publishing(const recipe::Recipe& recipe, const storage::OpenOptions& options,
                      Clock& clock) {
  if (recipe.publish.hub.empty()) {
    return;
  }
  check_base_has_name(recipe);
  try {
    storage::OpenOptions impatient = options;
    impatient.policy.patience = std::chrono::seconds(10);
    hub::check_push_target(hub::open_hub(impatient, clock), recipe.publish.hub);
  } catch (const hub::HubError& error) {
    using Kind = hub::HubError::Kind;
    if (error.kind() != Kind::kUnavailable && error.kind() != Kind::kOffline) {
      throw;
    }
    options.logger.warning("whether {} can be pushed to is not known: {}", recipe.publish.hub,
                           error.what());
  }
}

}  // namespace temper::launch
