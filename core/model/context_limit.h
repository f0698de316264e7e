#pragma once

#include "core/model/model_config.h"
#include "core/recipe/recipe.h"

namespace temper::model {

/// UserError if a sample may have more tokens than the model's context.
void check_max_length(const recipe::Data& data, const ModelConfig& config);

}  // namespace temper::model
