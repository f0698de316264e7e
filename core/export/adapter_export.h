#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/export/model_card.h"
#include "core/export/probe.h"
#include "core/export/read_back.h"
#include "core/model/model_config.h"
#include "core/model/parameters.h"
#include "core/recipe/recipe.h"

namespace temper::exporting {

/// One adapted linear module and its trained matrices, fp32 in the caller's memory.
struct TrainedLora {
  model::LoraTarget target;
  std::span<const float> a;  ///< [rank, in]
  std::span<const float> b;  ///< [out, rank]
};

/// A trained adapter to be written as a PEFT folder.
struct AdapterExport {
  recipe::Adapter settings;
  model::ModelConfig config;     ///< of the base
  std::string base_name;         ///< base_model_name_or_path: Hub id or path
  std::string base_fingerprint;  ///< for the record of the gate
  std::vector<TrainedLora> modules;
  /// Modules that were trained whole (modules_to_save), by their name in the model, in forward
  /// order.
  std::vector<TrainedTensor> saved;
  /// Of the base: its tokenizer's files are copied too if chat_template, a file, is not empty.
  std::filesystem::path base_path, chat_template;
  bool expect_change = true;  ///< false if no step changed anything (lr 0): then B may be all zero
  CardFacts facts;
  std::optional<Probe> probe;
};

/// Writes `folder`: adapter_config.json, adapter_model.safetensors, README.md, recipe.yaml
/// and metrics.json of a known run, tokenizer files if the template changed and, when the gate
/// has passed, export_check.json. The first two are the same bytes for the same adapter. Before the
/// folder replaces what was there, everything is read back: the modules, ranks and scalings that
/// PEFT derives from the config file are the trained ones, the file has exactly their keys and
/// shapes, every bit is equal and finite, B is not all zero, the probe's logits and losses agree.
/// FatalError, RetryableError or FileError otherwise; then `folder` is as before.
void export_adapter(const std::filesystem::path& folder, const AdapterExport& adapter);

}  // namespace temper::exporting
