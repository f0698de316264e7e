#include "core/export/merged_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/export/check_record.h"
#include "core/export/companion_files.h"
#include "core/export/lora_merge.h"
#include "core/export/run_files.h"
#include "core/export/shard_plan.h"
#include "core/export/staged_folder.h"
#include "core/weights/float_formats.h"
#include "core/weights/safetensors_writer.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;
using weights::DataType;

DataType written_type(const MergedExport& merged, const std::string& parameter) {
  if (merged.type) {
    return *merged.type;
  }
  const DataType stored = merged.base.stored_type(parameter);
  return stored == DataType::kF16 || stored == DataType::kBF16 ? stored : DataType::kF32;
}

// What will be written: the parameters with their types, and their places in files.
struct Content {
  explicit Content(const MergedExport& merged) {
    for (const model::Parameter& parameter : model::list_parameters(merged.base.config())) {
      const DataType type = written_type(merged, parameter.name);
      tensors.push_back({parameter.name, type, parameter.shape, {}});
      names.push_back(parameter.name);
      bytes.push_back(
          weights::size_in_bytes(type, static_cast<std::uint64_t>(parameter.num_elements())));
      total_bytes += bytes.back();
      num_parameters += parameter.num_elements();
      bytes_of_type[type] += bytes.back();
    }
    plan = plan_shards(bytes, merged.max_shard_bytes);
  }

  // That of most of the model: config.json names one.
  DataType main_type() const {
    auto main = bytes_of_type.begin();
    for (auto type = bytes_of_type.begin(); type != bytes_of_type.end(); ++type) {
      main = type->second > main->second ? type : main;
    }
    return main->first;
  }

  DataType coarsest_type() const {
    return std::ranges::max(bytes_of_type | std::views::keys, {}, merged_tolerance);
  }

  std::vector<weights::TensorView> tensors;
  std::vector<std::string> names;
  std::vector<std::uint64_t> bytes;
  std::uint64_t total_bytes = 0;
  std::int64_t num_parameters = 0;
  std::map<DataType, std::uint64_t> bytes_of_type;
  ShardPlan plan;
};

void check_room(const fs::path& folder, std::uint64_t bytes) {
  std::error_code unknown;
  const fs::path parent = fs::absolute(folder).parent_path();
  const fs::space_info space = fs::space(parent, unknown);
  if (!unknown && space.available < bytes) {
    throw UserError(
        fmt::format("{}: the merged model takes {} bytes, {} are free there; make room, choose "
                    "another folder, or write a smaller type (--dtype bf16)",
                    folder.string(), bytes, space.available));
  }
}

// The adapter's part by the parameter that it changes.
class Changes {
 public:
  explicit Changes(const AdapterFolder& adapter) {
    for (const AdapterFolder::Module& module : adapter.modules()) {
      modules_[module.target.module + ".weight"] = &module;
    }
    for (const AdapterFolder::Whole& whole : adapter.whole()) {
      whole_[whole.parameter.name] = &whole;
    }
  }

  void apply(const std::string& parameter, std::vector<float>& values) const {
    if (const auto whole = whole_.find(parameter); whole != whole_.end()) {
      values = read_float32(whole->second->view);
    }
    if (const auto found = modules_.find(parameter); found != modules_.end()) {
      const AdapterFolder::Module& module = *found->second;
      add_lora_product(read_float32(module.a), read_float32(module.b), module.target.rank,
                       module.target.scaling, values);
    }
  }

 private:
  std::map<std::string, const AdapterFolder::Module*> modules_;
  std::map<std::string, const AdapterFolder::Whole*> whole_;
};

CheckedFile write_shard(const fs::path& path, const ShardPlan::Shard& shard, const Content& content,
                        const Changes& changes, const model::BaseModel& base) {
  std::vector<weights::TensorView> tensors;
  for (const std::size_t index : shard.tensors) {
    tensors.push_back(content.tensors[index]);
  }
  weights::SafetensorsWriter writer(path, std::move(tensors), {{"format", "pt"}});
  std::vector<float> values;
  std::vector<std::byte> bytes;
  for (const weights::TensorView& tensor : writer.tensors()) {
    values.resize(static_cast<std::size_t>(tensor.num_elements()));
    base.load_float32(tensor.name, values);
    changes.apply(tensor.name, values);
    bytes.resize(weights::size_in_bytes(tensor.type, values.size()));
    if (!weights::from_float32(values, tensor.type, bytes)) {
      throw UserError(fmt::format("{}: with the adapter it has a value that is no finite {}; {}",
                                  tensor.name, weights::data_type_name(tensor.type),
                                  tensor.type == DataType::kF16
                                      ? "write another type (--dtype fp32 or bf16)"
                                      : "the base model or the adapter is damaged"));
    }
    writer.append(bytes);
    base.release_pages();
  }
  std::string sha256 = writer.finish();
  return {shard.file, fs::file_size(path), std::move(sha256)};
}

const char* config_name(DataType type) {
  return type == DataType::kF16 ? "float16" : type == DataType::kBF16 ? "bfloat16" : "float32";
}

// The base's config.json as it is, but for the dtype; made anew for a base without one.
std::string config_text(const model::BaseModel& base, DataType type) {
  const fs::path folder = base_folder(base.path());
  if (folder.empty()) {
    return model::config_json(base.config(), config_name(type));
  }
  std::ifstream in(folder / "config.json", std::ios::binary);
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(in, nullptr, false);
  if (!config.is_object()) {
    throw UserError(fmt::format("{}: is no JSON object", (folder / "config.json").string()));
  }
  const bool old_spelling = config.contains("torch_dtype");
  config[old_spelling && !config.contains("dtype") ? "torch_dtype" : "dtype"] = config_name(type);
  if (old_spelling) {
    config["torch_dtype"] = config_name(type);
  }
  return config.dump(2) + "\n";
}

void check_read_back(const fs::path& staging, const std::vector<CheckedFile>& written) {
  (void)model::BaseModel::open(staging);
  const CheckRecord record = require_checked(staging);
  for (const CheckedFile& file : written) {
    for (const CheckedFile& read : record.files) {
      if (read.name == file.name && read.sha256 != file.sha256) {
        throw RetryableError(fmt::format(
            "{}: read back after writing, it has other bytes; check the disk and run again",
            (staging / file.name).string()));
      }
    }
  }
}

}  // namespace

double merged_tolerance(DataType type) {
  return type == DataType::kBF16 ? 5e-2 : type == DataType::kF16 ? 1e-2 : 1e-4;
}

void export_merged(const fs::path& folder, const MergedExport& merged) {
  const Content content(merged);
  check_room(folder, content.total_bytes);
  const Changes changes(merged.adapter);
  StagedFolder staged(folder);
  std::vector<CheckedFile> written;
  for (const ShardPlan::Shard& shard : content.plan.shards) {
    written.push_back(
        write_shard(staged.staging() / shard.file, shard, content, changes, merged.base));
  }
  if (content.plan.shards.size() > 1) {
    staged.write("model.safetensors.index.json",
                 shard_index_json(content.plan, content.names, content.bytes));
  }
  staged.write("config.json", config_text(merged.base, content.main_type()));
  const bool has_tokenizer = copy_companion_files(staged, merged.base.path(), merged.chat_template);
  write_run_files(staged, merged.facts);
  staged.write("README.md", model_card(merged.facts, content.num_parameters, has_tokenizer));
  CheckRecord record{.kind = "model", .base_fingerprint = merged.base.fingerprint()};
  if (merged.probe) {
    Probe probe = *merged.probe;
    probe.tolerance = std::max(probe.tolerance, merged_tolerance(content.coarsest_type()));
    add_outputs(record, staged.staging(), probe);
  }
  write_check_record(staged, std::move(record));
  check_read_back(staged.staging(), written);
  staged.publish();
}

}  // namespace temper::exporting
