#pragma once

#include <filesystem>
#include <memory>

#include "core/model/stored_model.h"

namespace temper::model {

/// Opens a Hugging Face folder: config.json and model.safetensors, or the shards that
/// model.safetensors.index.json lists. Tensors may be named as LlamaForCausalLM saves them or,
/// without the "model." in front, as LlamaModel does. UserError for a missing, misshapen or unknown
/// tensor.
std::unique_ptr<StoredModel> open_model_folder(const std::filesystem::path& folder);

}  // namespace temper::model
