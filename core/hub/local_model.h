#pragma once

#include <filesystem>
#include <string>

#include "core/base/clock.h"
#include "core/hub/hub_api.h"
#include "core/hub/snapshot.h"
#include "core/storage/open_store.h"

namespace temper::hub {

/// How much of a model is wanted.
enum class ModelParts {
  kConfig,  ///< what tells its shape and its text: a few MB. Of a GGUF model: all
  kAll,
};

/// Where the model at `location` is on this machine, after what is missing of it was fetched into
/// the shared cache: a folder like Transformers' or a .gguf file. Several processes may ask at
/// once. HubError, FileError.
std::filesystem::path fetch_model(const HubApi& api, const HubLocation& location, ModelParts parts,
                                  const FetchOptions& options = {});

/// A base model wherever it is: fetch_model() for hf://, storage::local_copy() for others.
std::filesystem::path local_model(const std::string& location, ModelParts parts,
                                  const std::filesystem::path& cache_directory,
                                  const storage::OpenOptions& options, Clock& clock);

/// One file, for example a recipe: fetched if location.path is not in the cache.
std::filesystem::path fetch_file(const HubApi& api, const HubLocation& location);

}  // namespace temper::hub
