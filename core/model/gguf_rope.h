#pragma once

#include "core/model/model_config.h"

namespace temper::model {

/// Recognises the table rope_freqs.weight that llama.cpp's converter writes in place of Llama 3's
/// scaling (convert_hf_to_gguf.py, LlamaModel.generate_extra_tensors): a divisor for the frequency
/// of each pair of a head. The formula's parameters are not in the file; every released Llama 3 has
/// low_freq_factor 1, high_freq_factor 4 and original_max_position_embeddings 8192, and the factor
/// is the last divisor. Fills `rope` if the formula gives this table (to fp32 rounding), whose
/// theta must be set. UserError otherwise.
void read_rope_frequencies(const weights::TensorView& table, std::int64_t head_size,
                           const std::string& origin, RopeConfig* rope);

}  // namespace temper::model
