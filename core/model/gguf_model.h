#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/model/stored_model.h"

namespace temper::model {

/// llama.cpp's name of a Hugging Face parameter (gguf-py/gguf/tensor_mapping.py), e.g.
/// "blk.3.attn_q.weight" for "model.layers.3.self_attn.q_proj.weight". CHECKs that there is one.
std::string gguf_name(std::string_view parameter);

/// Opens a .gguf file of the Llama architecture. UserError for a missing, misshapen or unknown
/// tensor.
std::unique_ptr<StoredModel> open_gguf_model(const std::filesystem::path& path);

}  // namespace temper::model
