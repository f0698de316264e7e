#pragma once

#include "core/export/model_card.h"
#include "core/recipe/recipe.h"
#include "core/run/run_layout.h"

namespace temper::exporting {

/// What the card of a run tells, out of its recipe and progress.jsonl, where a repeated step counts
/// once. Without local paths (shareable_recipe).
CardFacts facts_of_run(const recipe::Recipe& given, const run::RunLayout& layout);

}  // namespace temper::exporting
