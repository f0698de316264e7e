#pragma once

#include "core/export/model_card.h"
#include "core/export/staged_folder.h"

namespace temper::exporting {

/// metrics.json: what the run came to, and its losses step by step. Deterministic: no times.
std::string metrics_json(const CardFacts& facts);

/// Writes recipe.yaml and metrics.json; nothing if the run is not known.
void write_run_files(StagedFolder& staged, const CardFacts& facts);

}  // namespace temper::exporting
