#pragma once

#include <filesystem>

#include "core/model/model_config.h"
#include "core/recipe/recipe.h"
#include "core/run/checkpoint_manifest.h"
#include "core/run/run_layout.h"
#include "core/storage/object_store.h"

namespace temper::exporting {

/// What a checkpoint's adapter belongs to.
struct CheckpointSource {
  const recipe::Recipe& recipe;
  const run::RunLayout& layout;  ///< for the card
  const model::ModelConfig& config;
  std::string base_fingerprint;
};

/// Writes the adapter that a checkpoint holds as a PEFT folder, without computing anything: the
/// checkpoint has the trained matrices as they are (docs/checkpoint-format.md). `store` is rooted
/// at the checkpoints folder. The gate is export_adapter's without losses, which need the model.
/// Holds the checkpoint in memory. UserError if the checkpoint is damaged or is not of this
/// recipe's adapter, else as export_adapter.
void export_checkpoint_adapter(const std::filesystem::path& folder, const CheckpointSource& source,
                               const storage::ObjectStore& store,
                               const run::CheckpointCandidate& checkpoint);

}  // namespace temper::exporting
