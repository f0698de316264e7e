#include "core/export/model_export.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/mapped_file.h"
#include "core/export/check_record.h"
#include "core/export/read_back.h"
#include "core/export/staged_folder.h"
#include "core/weights/safetensors.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;

// What a Hugging Face folder holds besides the weights; a tokenizer is in one of the first three.
constexpr std::array kTokenizerFiles = {"tokenizer.json", "tokenizer.model", "vocab.json"};
constexpr std::array kCompanionFiles = {
    "merges.txt",        "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "chat_template.jinja",   "generation_config.json"};

struct Shard {
  std::string file;
  std::vector<const ModelTensor*> tensors;
};

// Fills one file after the other in the given order, as Transformers' split_state_dict does.
std::vector<Shard> split_into_shards(const ModelExport& model) {
  std::vector<Shard> shards(1);
  std::uint64_t bytes = 0;
  for (const ModelTensor& tensor : model.tensors) {
    if (!shards.back().tensors.empty() &&
        bytes + tensor.values.size_bytes() > model.max_shard_bytes) {
      shards.emplace_back();
      bytes = 0;
    }
    shards.back().tensors.push_back(&tensor);
    bytes += tensor.values.size_bytes();
  }
  for (std::size_t i = 0; i < shards.size(); ++i) {
    shards[i].file = shards.size() == 1
                         ? "model.safetensors"
                         : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
  }
  return shards;
}

void write_shard(StagedFolder& staged, const Shard& shard) {
  std::vector<weights::TensorView> views;
  std::vector<TrainedTensor> trained;
  for (const ModelTensor* tensor : shard.tensors) {
    views.push_back({.name = tensor->name,
                     .type = weights::DataType::kF32,
                     .shape = tensor->shape,
                     .bytes = std::as_bytes(tensor->values)});
    trained.push_back({tensor->name, tensor->shape, tensor->values});
  }
  staged.write(shard.file, weights::serialize_safetensors(views, {{"format", "pt"}}));
  check_tensors(weights::SafetensorsFile(staged.staging() / shard.file),
                staged.staging() / shard.file, trained);
}

std::string index_json(const std::vector<Shard>& shards) {
  nlohmann::json weight_map = nlohmann::json::object();
  std::uint64_t total_bytes = 0;
  for (const Shard& shard : shards) {
    for (const ModelTensor* tensor : shard.tensors) {
      weight_map[tensor->name] = shard.file;
      total_bytes += tensor->values.size_bytes();
    }
  }
  const nlohmann::json index = {{"metadata", {{"total_size", total_bytes}}},
                                {"weight_map", weight_map}};
  return index.dump(2) + "\n";
}

bool copy_file(StagedFolder& staged, const fs::path& folder, const char* name) {
  if (!fs::is_regular_file(folder / name)) {
    return false;
  }
  staged.write(name, MappedFile(folder / name).bytes());
  return true;
}

// True if there was a tokenizer to copy.
bool copy_tokenizer(StagedFolder& staged, const fs::path& base) {
  const fs::path folder = base.filename() == "config.json" ? base.parent_path() : base;
  if (!fs::is_directory(folder)) {
    return false;
  }
  bool has_tokenizer = false;
  for (const char* name : kTokenizerFiles) {
    has_tokenizer = copy_file(staged, folder, name) || has_tokenizer;
  }
  for (const char* name : kCompanionFiles) {
    copy_file(staged, folder, name);
  }
  return has_tokenizer;
}

}  // namespace

void export_model(const fs::path& folder, const ModelExport& model) {
  StagedFolder staged(folder);
  const std::vector<Shard> shards = split_into_shards(model);
  std::int64_t num_parameters = 0;
  for (const Shard& shard : shards) {
    write_shard(staged, shard);
    for (const ModelTensor* tensor : shard.tensors) {
      num_parameters += static_cast<std::int64_t>(tensor->values.size());
    }
  }
  if (shards.size() > 1) {
    staged.write("model.safetensors.index.json", index_json(shards));
  }
  staged.write("config.json", model.config_json);
  const bool has_tokenizer = copy_tokenizer(staged, model.base);
  if (!model.chat_template.empty()) {
    staged.write("chat_template.jinja", model.chat_template);
  }
  staged.write("README.md", model_card(model.facts, num_parameters, has_tokenizer));
  CheckRecord record{.kind = "model", .base_fingerprint = model.base_fingerprint};
  if (model.probe) {
    add_outputs(record, staged.staging(), *model.probe);
  }
  write_check_record(staged, std::move(record));
  staged.publish();
}

}  // namespace temper::exporting
