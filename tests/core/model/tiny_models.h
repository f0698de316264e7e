#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/model/model_config.h"
#include "tests/core/weights/gguf_image.h"

namespace temper::testing {

/// A Llama of two layers: hidden 8, 2 heads of 4, 1 key-value head, intermediate 12, vocabulary 6.
model::ModelConfig tiny_config();

/// Values by parameter name, each element another number.
using TinyWeights = std::map<std::string, std::vector<float>>;
TinyWeights tiny_weights(const model::ModelConfig& config);

/// The weights as a safetensors image; `rename` may change a name or drop it (empty result).
std::string tiny_safetensors(const model::ModelConfig& config, const TinyWeights& weights,
                             const std::function<std::string(const std::string&)>& rename);

/// Writes config.json and model.safetensors.
void write_tiny_folder(const std::filesystem::path& folder, const model::ModelConfig& config);

/// The same model as llama.cpp's converter would write it: other names, rows of q and k
/// interleaved.
GgufImage tiny_gguf(const model::ModelConfig& config);

}  // namespace temper::testing
