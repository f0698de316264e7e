#include "core/hub/model_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

namespace temper::hub {
namespace {

using Kind = HubError::Kind;

constexpr std::string_view kConfig = "config.json";
constexpr std::string_view kSingleFile = "model.safetensors";
constexpr std::string_view kIndexFile = "model.safetensors.index.json";
/// What tells how the model reads and writes text. Temper reads the first three; the others go with
/// the finished model.
constexpr std::array<std::string_view, 10> kTextFiles = {"tokenizer.json",
                                                         "tokenizer_config.json",
                                                         "chat_template.jinja",
                                                         "chat_template.json",
                                                         "generation_config.json",
                                                         "special_tokens_map.json",
                                                         "added_tokens.json",
                                                         "vocab.json",
                                                         "merges.txt",
                                                         "tokenizer.model"};

[[noreturn]] void fail(const std::string& url, std::string_view problem) {
  throw HubError(Kind::kNoEntry, fmt::format("{}: {}", url, problem));
}

std::string join(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

const TreeFile* find(const std::vector<TreeFile>& files, const std::string& path) {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const TreeFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

/// Files directly in the folder.
std::vector<TreeFile> files_in(const std::vector<TreeFile>& files, const std::string& folder) {
  const std::string prefix = folder.empty() ? "" : folder + "/";
  std::vector<TreeFile> inside;
  for (const TreeFile& file : files) {
    if (file.path.starts_with(prefix) && file.path.find('/', prefix.size()) == std::string::npos) {
      inside.push_back(file);
    }
  }
  return inside;
}

std::vector<std::string> names_ending_in(const std::vector<TreeFile>& files,
                                         std::string_view ending) {
  std::vector<std::string> names;
  for (const TreeFile& file : files) {
    if (file.path.ends_with(ending)) {
      names.push_back(file.path);
    }
  }
  return names;
}

ModelFiles only_gguf(const TreeFile& file) {
  ModelFiles chosen;
  chosen.weights = {file};
  chosen.is_gguf = true;
  return chosen;
}

/// A folder that has no safetensors: one GGUF file, or an explanation.
ModelFiles other_format(const std::vector<TreeFile>& inside, const std::vector<TreeFile>& files,
                        const std::string& url) {
  const std::vector<std::string> gguf = names_ending_in(inside, ".gguf");
  if (gguf.size() == 1) {
    return only_gguf(*find(files, gguf.front()));
  }
  if (gguf.size() > 1) {
    fail(url, fmt::format("has {} GGUF files; choose one: {}/{{{}}}", gguf.size(), url,
                          fmt::join(gguf, ",")));
  }
  if (!names_ending_in(inside, "adapter_config.json").empty()) {
    fail(url,
         "is an adapter (adapter_config.json), not a base model; name the model that it was "
         "trained on");
  }
  if (!names_ending_in(inside, ".bin").empty() || !names_ending_in(inside, ".pth").empty()) {
    fail(url,
         "has its weights as pickled PyTorch files only, which Temper does not open; look for a "
         "revision with safetensors (often @refs/pr/1), or save it with Transformers");
  }
  fail(url, fmt::format("has neither {} nor {} nor a .gguf file", kSingleFile, kIndexFile));
}

}  // namespace

ModelFiles choose_model_files(const std::vector<TreeFile>& files, const std::string& path,
                              const std::string& url, bool needs_weights) {
  if (path.ends_with(".gguf")) {
    const TreeFile* file = find(files, path);
    if (file == nullptr) {
      fail(url, fmt::format("there is no such file; GGUF files there: {}",
                            fmt::join(names_ending_in(files, ".gguf"), ", ")));
    }
    return only_gguf(*file);
  }
  const std::vector<TreeFile> inside = files_in(files, path);
  if (inside.empty()) {
    fail(url, path.empty() ? "the repository is empty" : "there is no such folder");
  }
  const TreeFile* single = find(inside, join(path, kSingleFile));
  const TreeFile* index = find(inside, join(path, kIndexFile));
  const TreeFile* config = find(inside, join(path, kConfig));
  const bool has_weights = single != nullptr || index != nullptr;
  if (!has_weights && (needs_weights || config == nullptr)) {
    return other_format(inside, files, url);
  }
  if (config == nullptr) {
    fail(url,
         "has safetensors but no config.json, so the model's shape is not known; is the model in "
         "a folder of it (hf://org/name/folder), or is this no language model?");
  }
  ModelFiles chosen;
  chosen.config.push_back(*config);
  for (const std::string_view name : kTextFiles) {
    if (const TreeFile* file = find(inside, join(path, name))) {
      chosen.config.push_back(*file);
    }
  }
  if (has_weights) {
    chosen.has_index = single == nullptr;
    chosen.weights = {single != nullptr ? *single : *index};
  }
  return chosen;
}

std::vector<TreeFile> shards_of(std::string_view index_json, const std::vector<TreeFile>& files,
                                const std::string& folder, const std::string& url) {
  const auto index = nlohmann::json::parse(index_json, nullptr, false);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
    throw HubError(Kind::kDamaged,
                   fmt::format("{}: {} is no JSON object with a weight_map", url, kIndexFile));
  }
  std::set<std::string> names;
  for (const auto& [tensor, name] : index["weight_map"].items()) {
    if (!name.is_string()) {
      throw HubError(Kind::kDamaged,
                     fmt::format("{}: {}: '{}' must name a file", url, kIndexFile, tensor));
    }
    names.insert(name.get<std::string>());
  }
  std::vector<TreeFile> shards;
  for (const std::string& name : names) {
    const TreeFile* file = find(files, join(folder, name));
    if (file == nullptr) {
      fail(url, fmt::format("is incomplete: {} names '{}', which is not there", kIndexFile, name));
    }
    shards.push_back(*file);
  }
  return shards;
}

}  // namespace temper::hub
