#include "core/hub/local_model.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "core/hub/model_files.h"
#include "core/hub/open_hub.h"
#include "core/storage/local_copy.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;

std::string text_of_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

fs::path fetch_model(const HubApi& api, const HubLocation& location, ModelParts parts,
                     const FetchOptions& options) {
  const Snapshot snapshot = Snapshot::open(api, location);
  const ModelFiles chosen = choose_model_files(snapshot.files(), location.path, location.url(),
                                               parts == ModelParts::kAll);
  std::vector<TreeFile> wanted = chosen.config;
  if (chosen.is_gguf || chosen.has_index || parts == ModelParts::kAll) {
    wanted.insert(wanted.end(), chosen.weights.begin(), chosen.weights.end());
  }
  snapshot.fetch(wanted, options);
  if (chosen.is_gguf) {
    return snapshot.folder() / chosen.weights.front().path;
  }
  if (chosen.has_index && parts == ModelParts::kAll) {
    snapshot.fetch(shards_of(text_of_file(snapshot.folder() / chosen.weights.front().path),
                             snapshot.files(), location.path, location.url()),
                   options);
  }
  return location.path.empty() ? snapshot.folder() : snapshot.folder() / location.path;
}

fs::path local_model(const std::string& location, ModelParts parts, const fs::path& cache_directory,
                     const storage::OpenOptions& options, Clock& clock) {
  if (!is_hub_url(location)) {
    return storage::local_copy(location, cache_directory, options, clock);
  }
  const HubLocation place = parse_hub_url(location);
  return fetch_model(open_hub(options, clock), place, parts);
}

fs::path fetch_file(const HubApi& api, const HubLocation& location) {
  const Snapshot snapshot = Snapshot::open(api, location);
  const TreeFile* file = snapshot.find(location.path);
  if (file == nullptr) {
    throw HubError(HubError::Kind::kNoEntry,
                   fmt::format("{}: there is no such file in revision {} ({})", location.url(),
                               location.revision_or_main(), snapshot.commit()));
  }
  snapshot.fetch({*file});
  return snapshot.folder() / location.path;
}

}  // namespace temper::hub
