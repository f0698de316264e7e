#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/export/adapter_folder.h"
#include "core/export/model_card.h"
#include "core/export/probe.h"
#include "core/model/base_model.h"

namespace temper::exporting {

/// An adapter to be merged into its base model.
struct MergedExport {
  const AdapterFolder& adapter;
  const model::BaseModel& base;
  /// Of the written tensors; nullopt: each as the base stores it, quantised ones as F32.
  std::optional<weights::DataType> type;
  std::uint64_t max_shard_bytes = 5'000'000'000;  ///< see plan_shards
  std::filesystem::path chat_template;            ///< a file in place of the base's; may be empty
  CardFacts facts;
  std::optional<Probe> probe;  ///< its tolerance is set by the types that are written
};

/// How far a merged model's outputs may be from those of base and adapter apart, as Probe counts
/// it: B·A·x and (W + B·A)·x differ by fp32's rounding, and every weight by that to the written
/// type, 2^-11 of it in fp16 and 2^-8 in bf16 at most.
double merged_tolerance(weights::DataType type);

/// Writes `folder`, a Hugging Face model: every parameter of the base, with the adapter's product
/// added (add_lora_product) or its own copy in place, computed in fp32 and rounded once.
/// config.json is the base's with the dtype that was written; a head that is the embedding is left
/// out as the base leaves it out. One tensor is in memory at a time, besides the adapter. The same
/// bytes on every machine. Before the folder appears each file is read back (sha256) and opened as
/// a model, and the probe's outputs must agree (merged_tolerance). UserError if a value does not
/// fit the type or the disk has too little room; FatalError if the outputs differ; FileError if
/// writing fails; RetryableError if it reads back differently.
void export_merged(const std::filesystem::path& folder, const MergedExport& merged);

}  // namespace temper::exporting
