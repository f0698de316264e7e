#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/export/model_card.h"
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

/// An adapter as its file has it: values by PEFT key
/// ("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight").
using AdapterTensors = std::map<std::string, std::vector<float>>;

/// Logits of the base model with these matrices, on an input that the caller chose.
using LogitsOf = std::function<std::vector<float>(const AdapterTensors&)>;

/// The last gate: base + file must give the logits that the trained model gives.
struct LogitsProbe {
  std::vector<float> trained;  ///< of the trained model in memory, on the same input
  LogitsOf of_file;
  double tolerance = 1e-5;  ///< of the largest |logit|
};

/// A trained adapter to be written as a PEFT folder.
struct AdapterExport {
  recipe::Adapter settings;
  model::ModelConfig config;  ///< of the base
  std::string base_name;      ///< base_model_name_or_path: Hub id or path
  std::vector<TrainedLora> modules;
  bool expect_change = true;  ///< false if no step changed anything (lr 0): then B may be all zero
  CardFacts facts;
  std::optional<LogitsProbe> probe;
};

/// Writes `folder`: adapter_config.json, adapter_model.safetensors, README.md. The first two are
/// the same bytes for the same adapter. Before the folder replaces what was there, everything is
/// read back: the modules, ranks and scalings that PEFT derives from the config file are the
/// trained ones, the file has exactly their keys and shapes, every bit is equal and finite, B is
/// not all zero, the probe's logits agree. FatalError, RetryableError or FileError otherwise; then
/// `folder` is as before.
void export_adapter(const std::filesystem::path& folder, const AdapterExport& adapter);

}  // namespace temper::exporting
