#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/export/model_card.h"
#include "core/export/probe.h"

namespace temper::exporting {

/// A trained fp32 tensor under its Hugging Face name, row-major, in the caller's memory.
struct ModelTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;
};

/// A whole model to be written as a Hugging Face folder.
struct ModelExport {
  std::string config_json;           ///< config.json as it is
  std::vector<ModelTensor> tensors;  ///< every parameter of the architecture, once
  /// The folder (or a config.json in it) that tokenizer files and generation_config.json are copied
  /// from; a .gguf file has none to copy, and the card says so.
  std::filesystem::path base;
  std::filesystem::path chat_template;  ///< a file in place of the base's; empty: the base's
  CardFacts facts;
  std::string base_fingerprint;  ///< for the record of the gate; empty for random initial weights
  std::optional<Probe> probe;
  /// Tensor bytes in one file, unless a single tensor has more (Transformers' max_shard_size).
  std::uint64_t max_shard_bytes = 5'000'000'000;
};

/// Writes `folder`: config.json, model.safetensors (above max_shard_bytes
/// model-00001-of-0000N.safetensors and model.safetensors.index.json), tokenizer files, README.md
/// and, when the gate has passed, export_check.json.
/// All files are re-read and compared with the tensors bit by bit before the folder replaces what
/// was there, and the probe's outputs must agree. Holds one shard's bytes in memory besides the
/// tensors. FatalError if a value is not finite or the outputs differ; FileError if it can't be
/// written, RetryableError if it reads back differently; then `folder` is as before.
void export_model(const std::filesystem::path& folder, const ModelExport& model);

}  // namespace temper::exporting
