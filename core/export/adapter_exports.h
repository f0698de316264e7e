#pragma once

#include <filesystem>

#include "core/export/adapter_folder.h"
#include "core/export/model_card.h"
#include "core/model/base_model.h"

namespace temper::exporting {

inline constexpr const char* kGgufAdapterFile = "adapter.gguf";

/// An adapter to be written in another form, and the base that it is for.
struct ConvertedAdapter {
  const AdapterFolder& adapter;
  const model::ModelConfig& base;
  std::string base_fingerprint;
  CardFacts facts;
};

/// Writes `folder`: the adapter's files as they are. Those that passed the gate must still be the
/// same (require_checked) if there is a record.
void copy_adapter(const std::filesystem::path& adapter, const std::filesystem::path& folder);

/// Writes `folder`: a PEFT adapter with one rank, one alpha and no rsLoRA, for loaders that know
/// nothing else (vLLM, converters). Read back through the gate of export_adapter.
void export_portable(const std::filesystem::path& folder, const ConvertedAdapter& converted);

/// Writes `folder`: adapter.gguf for llama.cpp, and a card. Read back before the folder appears.
void export_gguf_adapter(const std::filesystem::path& folder, const ConvertedAdapter& converted);

}  // namespace temper::exporting
