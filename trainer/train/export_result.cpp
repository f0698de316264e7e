#include "trainer/train/export_result.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/data/sample_pipeline.h"
#include "core/export/adapter_export.h"
#include "core/export/model_export.h"
#include "core/model/adapter_format.h"
#include "core/recipe/recipe_io.h"
#include "trainer/train/progress_log.h"

namespace temper::train {
namespace {

constexpr const char* kPeftPrefix = "base_model.model.";

/// Facts for the card out of the recipe and progress.jsonl, where a repeated step counts once.
exporting::CardFacts card_facts(const ExportParts& parts) {
  exporting::CardFacts facts;
  facts.title = parts.recipe.name;
  facts.base_name = parts.recipe.model.name;
  facts.base_path = parts.recipe.model.base;
  facts.from_scratch = parts.recipe.model.init == recipe::Init::kRandom;
  for (const recipe::DataSource& source : parts.recipe.data.train) {
    facts.data.push_back(source.path);
  }
  facts.steps = parts.state.step;
  facts.recipe_yaml = recipe::dump(parts.recipe);
  facts.versions = {"Temper " TEMPER_VERSION};
  std::map<std::int64_t, run::ProgressRecord> by_step;
  for (run::ProgressRecord& record : read_progress(parts.layout.progress())) {
    const auto known = by_step.find(record.step);
    if (known != by_step.end() && !record.loss) {
      known->second.eval_loss = record.eval_loss;  // an evaluation after a resume, without the step
    } else {
      by_step[record.step] = std::move(record);
    }
  }
  exporting::LossRow held_out{"held-out", std::nullopt, std::nullopt};
  exporting::LossRow training{"training", std::nullopt, std::nullopt};
  for (const auto& [step, record] : by_step) {
    facts.trained_tokens += static_cast<std::uint64_t>(record.trained_tokens);
    facts.samples = std::max(facts.samples, record.position);
    if (record.eval_loss) {
      (step == 0 ? held_out.before : held_out.after) = record.eval_loss;
    }
    if (record.loss) {
      (training.before ? training.after : training.before) = record.loss;
    }
  }
  facts.results = {training};
  if (held_out.before || held_out.after) {
    facts.results.insert(facts.results.begin(), held_out);
  }
  return facts;
}

/// The first training sample, cut short: what the gate compares logits on.
model::PackedSequences probe_input(const ExportParts& parts) {
  constexpr std::size_t kMaxTokens = 64;
  text::EncodedSample sample;
  const data::Record record = parts.dataset.read(0);
  sample = parts.encoder.encode(record.bytes, record.origin);
  const std::size_t length = std::min(sample.ids.size(), kMaxTokens);
  model::PackedSequences sequences;
  sequences.ids.assign(sample.ids.begin(),
                       sample.ids.begin() + static_cast<std::ptrdiff_t>(length));
  sequences.trained.assign(length, 0);
  sequences.offsets = {0, static_cast<std::int32_t>(length)};
  return sequences;
}

exporting::LogitsProbe logits_probe(const ExportParts& parts) {
  const model::PackedSequences input = probe_input(parts);
  exporting::LogitsProbe probe;
  probe.trained = parts.engine.logits(input, parts.state.parameters.data());
  probe.of_file = [&parts, input](const exporting::AdapterTensors& tensors) {
    const model::ParameterLayout& layout = parts.model.layout();
    model::FloatBuffer parameters = model::FloatBuffer::zeros(layout.size());
    for (const model::TrainedTensor& tensor : layout.tensors()) {
      const std::vector<float>& values = tensors.at(kPeftPrefix + tensor.name);
      std::copy(values.begin(), values.end(), parameters.data() + tensor.offset);
    }
    return parts.engine.logits(input, parameters.data());
  };
  return probe;
}

void export_lora(const ExportParts& parts) {
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
  adapter.expect_change = parts.state.step > 0 && parts.recipe.optimizer.lr > 0;
  adapter.facts = card_facts(parts);
  adapter.probe = logits_probe(parts);
  exporting::export_adapter(parts.layout.adapter(), adapter);
  parts.logger.info("adapter: {}", parts.layout.adapter().string());
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
  model.facts = card_facts(parts);
  exporting::export_model(parts.layout.model(), model);
  parts.logger.info("model: {}", parts.layout.model().string());
}

}  // namespace

void export_result(const ExportParts& parts) {
  if (parts.recipe.adapter.type == recipe::AdapterType::kLora) {
    export_lora(parts);
  } else {
    export_whole_model(parts);
  }
}

}  // namespace temper::train
