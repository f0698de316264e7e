#include "core/model/model_folder.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.h"
#include "core/model/parameters.h"

namespace temper::model {
namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr std::string_view kModelPrefix = "model.";

// A tensor of one of the files. The pointers lie in ModelFiles.
struct Found {
  const weights::TensorView* view;
  std::string origin;
};
using FoundTensors = std::map<std::string, Found, std::less<>>;

// Names of shards by tensor, from the "weight_map" of an index.
std::map<std::string, std::string> read_weight_map(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const nlohmann::json index = nlohmann::json::parse(in, nullptr, false);
  const auto fail = [&path](const std::string& what) {
    throw UserError(fmt::format("{}: {}", path.string(), what));
  };
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
    fail("is no JSON object with a weight_map");
  }
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, shard] : index["weight_map"].items()) {
    if (!shard.is_string()) {
      fail(fmt::format("weight_map: '{}' must name a file", tensor));
    }
    const std::string name = shard.get<std::string>();
    if (std::filesystem::path(name).filename() != name || name.empty() || name == "..") {
      fail(fmt::format("weight_map: '{}': '{}' must be a file in the same folder", tensor, name));
    }
    shards.emplace(tensor, name);
  }
  return shards;
}

FoundTensors open_shards(const std::filesystem::path& folder, ModelFiles* files) {
  const std::map<std::string, std::string> shard_of = read_weight_map(folder / kIndexFile);
  std::map<std::string, std::size_t> opened;
  for (const auto& [tensor, shard] : shard_of) {
    if (opened.contains(shard)) {
      continue;
    }
    if (!std::filesystem::exists(folder / shard)) {
      throw UserError(fmt::format("{}: the shard is missing; {} says that it holds '{}'",
                                  (folder / shard).string(), kIndexFile, tensor));
    }
    opened.emplace(shard, files->safetensors.size());
    files->safetensors.emplace_back(folder / shard);
  }
  FoundTensors tensors;
  for (const auto& [tensor, shard] : shard_of) {
    const weights::TensorView* view = files->safetensors[opened.at(shard)].find(tensor);
    const std::string origin = (folder / shard).string();
    if (view == nullptr) {
      throw UserError(fmt::format("{}: tensor '{}' is missing, though {} says that it is here",
                                  origin, tensor, kIndexFile));
    }
    tensors.emplace(tensor, Found{view, origin});
  }
  return tensors;
}

FoundTensors open_single(const std::filesystem::path& file, ModelFiles* files) {
  files->safetensors.emplace_back(file);
  FoundTensors tensors;
  for (const weights::TensorView& view : files->safetensors.back().tensors()) {
    tensors.emplace(view.name, Found{&view, file.string()});
  }
  return tensors;
}

FoundTensors open_files(const std::filesystem::path& folder, ModelFiles* files) {
  if (std::filesystem::exists(folder / kSingleFile)) {
    return open_single(folder / kSingleFile, files);
  }
  if (std::filesystem::exists(folder / kIndexFile)) {
    return open_shards(folder, files);
  }
  throw UserError(
      fmt::format("{}: has neither {} nor {}; other formats (pytorch_model.bin) are not "
                  "supported, save the model with Transformers as safetensors",
                  folder.string(), kSingleFile, kIndexFile));
}

// Tensors that a file may hold though the architecture does not use them: old files carry rotary
// tables, and a tied model's head is its embedding whatever the file says (as in Transformers).
bool is_unused(std::string_view name, const ModelConfig& config) {
  return name.ends_with("rotary_emb.inv_freq") ||
         (name == "lm_head.weight" && config.tied_embeddings);
}

StoredParameters find_parameters(const FoundTensors& tensors, const ModelConfig& config,
                                 const std::filesystem::path& folder) {
  const bool bare =
      !tensors.contains("model.embed_tokens.weight") && tensors.contains("embed_tokens.weight");
  StoredParameters parameters;
  std::set<std::string> used;
  for (const Parameter& parameter : list_parameters(config)) {
    std::string name = parameter.name;
    if (bare && name.starts_with(kModelPrefix)) {
      name.erase(0, kModelPrefix.size());
    }
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      throw UserError(fmt::format("{}: tensor '{}' {} is missing", folder.string(), name,
                                  weights::shape_text(parameter.shape)));
    }
    check_stored_tensor(*found->second.view, parameter.shape, found->second.origin);
    parameters.emplace(parameter.name, StoredParameter{*found->second.view});
    used.insert(name);
  }
  for (const auto& [name, found] : tensors) {
    if (!used.contains(name) && !is_unused(name, config)) {
      throw UserError(fmt::format(
          "{}: tensor '{}' {} is no part of a {} model with this config.json; "
          "training without it would train another model",
          found.origin, name, weights::shape_text(found.view->shape), config.architecture));
    }
  }
  return parameters;
}

}  // namespace

std::unique_ptr<StoredModel> open_model_folder(const std::filesystem::path& folder) {
  ModelConfig config = read_config_json(folder / "config.json");
  ModelFiles files;
  const FoundTensors tensors = open_files(folder, &files);
  StoredParameters parameters = find_parameters(tensors, config, folder);
  return std::make_unique<StoredModel>(folder, std::move(config), std::move(files),
                                       std::move(parameters));
}

}  // namespace temper::model
