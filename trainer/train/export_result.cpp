#include "trainer/train/export_result.h"

#include <map>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/export/adapter_export.h"
#include "core/export/adapter_folder.h"
#include "core/export/card_facts.h"
#include "core/export/merged_export.h"
#include "core/export/model_export.h"
#include "trainer/train/export_probe.h"

namespace temper::train {
namespace {

/// Where merged weights are rounded to bf16 to compute with, of the largest logit.
constexpr double kMergedAsBf16 = 5e-2;

void export_lora(const ExportParts& parts, const std::filesystem::path& folder) {
  const model::ParameterLayout& layout = parts.model.layout();
  std::map<std::string, std::span<const float>> by_name;
  for (const model::TrainedTensor& tensor : layout.tensors()) {
    by_name[tensor.name] = parts.state.parameters.span().subspan(tensor.offset, tensor.size);
  }
  exporting::AdapterExport adapter;
  adapter.settings = parts.recipe.adapter;
  adapter.config = parts.base.config();
  adapter.base_name =
      parts.recipe.model.name.empty() ? parts.recipe.model.base : parts.recipe.model.name;
  for (const model::LoraTarget& target : parts.targets) {
    adapter.modules.push_back({target, by_name.at(target.module + ".lora_A.weight"),
                               by_name.at(target.module + ".lora_B.weight")});
  }
  for (const model::Parameter& saved :
       model::resolve_saved_parameters(parts.base.config(), parts.recipe.adapter)) {
    adapter.saved.push_back({saved.name, saved.shape, by_name.at(saved.name)});
  }
  adapter.expect_change = parts.state.step > 0 && parts.recipe.optimizer.lr > 0;
  adapter.facts = exporting::facts_of_run(parts.recipe, parts.layout, parts.state.step);
  adapter.base_path = parts.base.path();
  adapter.chat_template = parts.recipe.model.chat_template;
  adapter.base_fingerprint = parts.base.fingerprint();
  adapter.probe = adapter_probe(parts);
  exporting::export_adapter(folder, adapter);
  parts.logger.info("adapter: {}", folder.string());
}

void export_merged_model(const ExportParts& parts) {
  const exporting::AdapterFolder adapter(parts.layout.adapter(), parts.base.config());
  exporting::Probe probe = model_probe(parts);
  if (parts.kernels.placement().bf16) {
    probe.tolerance = kMergedAsBf16;
  }
  exporting::export_merged(
      parts.layout.merged(),
      {.adapter = adapter,
       .base = parts.base,
       .type = {},
       .chat_template = parts.recipe.model.chat_template,
       .facts = exporting::facts_of_run(parts.recipe, parts.layout, parts.state.step),
       .probe = std::move(probe)});
  parts.logger.info("merged model: {}", parts.layout.merged().string());
}

void export_whole_model(const ExportParts& parts) {
  exporting::ModelExport model;
  model.config_json = model::config_json(parts.base.config());
  for (const model::TrainedTensor& tensor : parts.model.layout().tensors()) {
    model.tensors.push_back({tensor.name, tensor.shape,
                             parts.state.parameters.span().subspan(tensor.offset, tensor.size)});
  }
  model.base = parts.base.path().string();
  model.chat_template = parts.recipe.model.chat_template;
  model.facts = exporting::facts_of_run(parts.recipe, parts.layout);
  model.base_fingerprint =
      parts.recipe.model.init == recipe::Init::kRandom ? "" : parts.base.fingerprint();
  model.probe = model_probe(parts);
  exporting::export_model(parts.layout.model(), model);
  parts.logger.info("model: {}", parts.layout.model().string());
}

}  // namespace

void export_result(const ExportParts& parts) {
  if (parts.recipe.adapter.type == recipe::AdapterType::kLora) {
    export_lora(parts, parts.layout.adapter());
    if (parts.recipe.publish.form == recipe::PublishForm::kMerged) {
      export_merged_model(parts);
    }
  } else {
    export_whole_model(parts);
  }
}

void export_checkpoint(const ExportParts& parts) {
  try {
    export_lora(parts, parts.layout.checkpoint_adapter(parts.state.step));
  } catch (const Error& error) {
    parts.logger.warning("the adapter of step {} is not pushed, training goes on: {}",
                         parts.state.step, error.what());
  }
}

}  // namespace temper::train
