#pragma once

#include <cstdint>
#include <limits>

#include "core/export/model_card.h"
#include "core/recipe/recipe.h"
#include "core/run/run_layout.h"

namespace temper::exporting {

/// What the card of a run tells, out of its recipe and progress.jsonl, where a repeated step counts
/// once. Without local paths (shareable_recipe). Steps after `last_step`, of an earlier attempt
/// that went on from a checkpoint, are left out.
CardFacts facts_of_run(const recipe::Recipe& given, const run::RunLayout& layout,
                       std::int64_t last_step = std::numeric_limits<std::int64_t>::max());

}  // namespace temper::exporting
