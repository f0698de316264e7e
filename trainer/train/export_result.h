#pragma once

#include <vector>

#include "core/base/log.h"
#include "core/data/dataset.h"
#include "core/model/base_model.h"
#include "core/model/parameters.h"
#include "core/recipe/recipe.h"
#include "core/run/run_layout.h"
#include "core/text/sample_encoder.h"
#include "trainer/model/llama.h"
#include "trainer/train/slot_engine.h"
#include "trainer/train/slot_workers.h"
#include "trainer/train/training_state.h"

namespace temper::train {

/// What the finished run is made into; all outlive the call.
struct ExportParts {
  const recipe::Recipe& recipe;
  const run::RunLayout& layout;
  const model::BaseModel& base;
  const model::LlamaModel& model;
  const std::vector<model::LoraTarget>& targets;  ///< empty: fully trained
  const data::Dataset& dataset;
  const text::SampleEncoder& encoder;
  const model::Kernels& kernels;
  SlotWorkers& workers;
  SlotEngine& engine;
  const TrainingState& state;
  const Logger& logger;
};

/// Writes the PEFT adapter (RunLayout::adapter) or the whole model (RunLayout::model) of a finished
/// run, and the merged model (RunLayout::merged) if the recipe publishes that, through the
/// exporter's read-back gates. Rank 0 only.
void export_result(const ExportParts& parts);

/// Writes the adapter of the state as it is after a step (RunLayout::checkpoint_adapter), through
/// the same gates, for the launcher to push. A failure is a warning: training goes on. Rank 0 only.
void export_checkpoint(const ExportParts& parts);

}  // namespace temper::train
