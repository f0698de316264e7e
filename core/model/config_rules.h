#pragma once

#include <string>

#include "core/model/model_config.h"

namespace temper::model {

/// What must hold for any configuration, wherever it was read: positive sizes that fit together.
/// UserError naming `origin`, the values and the key as config.json spells it.
void check_config(const ModelConfig& config, const std::string& origin);

}  // namespace temper::model
