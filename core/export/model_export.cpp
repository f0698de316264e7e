#include "core/export/model_export.h"

#include <cstddef>
#include <utility>

#include "core/export/check_record.h"
#include "core/export/companion_files.h"
#include "core/export/read_back.h"
#include "core/export/run_files.h"
#include "core/export/shard_plan.h"
#include "core/export/staged_folder.h"
#include "core/weights/safetensors.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;

void write_shard(StagedFolder& staged, const ModelExport& model, const ShardPlan::Shard& shard) {
  std::vector<weights::TensorView> views;
  std::vector<TrainedTensor> trained;
  for (const std::size_t index : shard.tensors) {
    const ModelTensor& tensor = model.tensors[index];
    views.push_back({.name = tensor.name,
                     .type = weights::DataType::kF32,
                     .shape = tensor.shape,
                     .bytes = std::as_bytes(tensor.values)});
    trained.push_back({tensor.name, tensor.shape, tensor.values});
  }
  staged.write(shard.file, weights::serialize_safetensors(views, {{"format", "pt"}}));
  check_tensors(weights::SafetensorsFile(staged.staging() / shard.file),
                staged.staging() / shard.file, trained);
}

}  // namespace

void export_model(const fs::path& folder, const ModelExport& model) {
  StagedFolder staged(folder);
  std::vector<std::string> names;
  std::vector<std::uint64_t> tensor_bytes;
  std::int64_t num_parameters = 0;
  for (const ModelTensor& tensor : model.tensors) {
    names.push_back(tensor.name);
    tensor_bytes.push_back(tensor.values.size_bytes());
    num_parameters += static_cast<std::int64_t>(tensor.values.size());
  }
  const ShardPlan plan = plan_shards(tensor_bytes, model.max_shard_bytes);
  for (const ShardPlan::Shard& shard : plan.shards) {
    write_shard(staged, model, shard);
  }
  if (plan.shards.size() > 1) {
    staged.write("model.safetensors.index.json", shard_index_json(plan, names, tensor_bytes));
  }
  staged.write("config.json", model.config_json);
  const bool has_tokenizer = copy_companion_files(staged, model.base, model.chat_template);
  write_run_files(staged, model.facts);
  staged.write("README.md", model_card(model.facts, num_parameters, has_tokenizer));
  CheckRecord record{.kind = "model", .base_fingerprint = model.base_fingerprint};
  if (model.probe) {
    add_outputs(record, staged.staging(), *model.probe);
  }
  write_check_record(staged, std::move(record));
  staged.publish();
}

}  // namespace temper::exporting
