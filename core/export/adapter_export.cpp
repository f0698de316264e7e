#include "core/export/adapter_export.h"

#include <cstddef>

#include "core/base/check.h"
#include "core/export/adapter_check.h"
#include "core/export/adapter_tensors.h"
#include "core/export/check_record.h"
#include "core/export/companion_files.h"
#include "core/export/run_files.h"
#include "core/export/staged_folder.h"
#include "core/model/adapter_format.h"
#include "core/weights/safetensors.h"

namespace temper::exporting {
namespace {

LoraFacts facts_of(const AdapterExport& adapter) {
  LoraFacts facts{.rank = adapter.settings.rank,
                  .alpha = adapter.settings.alpha,
                  .rslora = adapter.settings.rslora,
                  .num_modules = static_cast<std::int64_t>(adapter.modules.size()),
                  .num_parameters = 0};
  for (const TrainedLora& lora : adapter.modules) {
    facts.num_parameters += static_cast<std::int64_t>(lora.a.size() + lora.b.size());
  }
  for (const TrainedTensor& saved : adapter.saved) {
    facts.num_parameters += static_cast<std::int64_t>(saved.values.size());
  }
  return facts;
}

std::vector<std::byte> weights_file(const AdapterExport& adapter) {
  std::vector<weights::TensorView> views;
  for (const TrainedTensor& tensor : keyed_tensors(adapter)) {
    views.push_back({.name = tensor.key,
                     .type = weights::DataType::kF32,
                     .shape = tensor.shape,
                     .bytes = std::as_bytes(tensor.values)});
  }
  return weights::serialize_safetensors(views, {{"format", "pt"}});
}

}  // namespace

std::vector<TrainedTensor> keyed_tensors(const AdapterExport& adapter) {
  std::vector<TrainedTensor> tensors;
  for (const TrainedLora& lora : adapter.modules) {
    const model::LoraTarget& target = lora.target;
    CHECK(lora.a.size() == static_cast<std::size_t>(target.rank * target.in_features),
          "{}: {} values for A [{}, {}]", target.module, lora.a.size(), target.rank,
          target.in_features);
    CHECK(lora.b.size() == static_cast<std::size_t>(target.out_features * target.rank),
          "{}: {} values for B [{}, {}]", target.module, lora.b.size(), target.out_features,
          target.rank);
    tensors.push_back(
        {model::lora_a_key(target.module), {target.rank, target.in_features}, lora.a});
    tensors.push_back(
        {model::lora_b_key(target.module), {target.out_features, target.rank}, lora.b});
  }
  for (const TrainedTensor& saved : adapter.saved) {
    tensors.push_back({model::adapter_key(saved.key), saved.shape, saved.values});
  }
  return tensors;
}

void export_adapter(const std::filesystem::path& folder, const AdapterExport& adapter) {
  std::vector<model::LoraTarget> targets;
  for (const TrainedLora& lora : adapter.modules) {
    targets.push_back(lora.target);
  }
  StagedFolder staged(folder);
  staged.write(kAdapterConfigFile, model::adapter_config_json(adapter.config, adapter.settings,
                                                              targets, adapter.base_name));
  staged.write(kAdapterWeightsFile, weights_file(adapter));
  write_run_files(staged, adapter.facts);
  CardFacts facts = adapter.facts;
  if (!adapter.chat_template.empty()) {
    facts.has_tokenizer = copy_companion_files(staged, adapter.base_path, adapter.chat_template);
  }
  staged.write("README.md", adapter_card(facts, facts_of(adapter)));
  write_check_record(staged, check_adapter(staged.staging(), adapter));
  staged.publish();
}

}  // namespace temper::exporting
