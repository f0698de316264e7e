#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/export/lora_fold.h"
#include "core/model/model_config.h"

namespace temper::exporting {

/// The adapter as a GGUF file for llama.cpp's --lora, as its convert_lora_to_gguf.py writes it: F32
/// tensors "blk.3.attn_q.weight.lora_a" and ".lora_b", one adapter.lora.alpha, rows of B for q and
/// k in llama.cpp's order. `name` becomes general.name. Deterministic.
std::vector<std::byte> gguf_adapter(const FoldedAdapter& adapter, const model::ModelConfig& config,
                                    const std::string& name);

}  // namespace temper::exporting
