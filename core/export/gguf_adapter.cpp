#include "core/export/gguf_adapter.h"

#include <span>
#include <string_view>

#include "core/model/gguf_model.h"
#include "core/weights/gguf_writer.h"

namespace temper::exporting {
namespace {

// llama.cpp rotates neighbours, Hugging Face halves: row (half, pair) of a head becomes row (pair,
// half), as `permute` of convert_hf_to_gguf.py does with the weight itself. A has no such rows.
std::vector<float> interleave_rows(const std::vector<float>& b, std::int64_t rank,
                                   std::int64_t heads) {
  const auto columns = static_cast<std::size_t>(rank);
  const std::size_t rows = b.size() / columns;
  const std::size_t head_rows = rows / static_cast<std::size_t>(heads);
  std::vector<float> stored(b.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t half = row % head_rows / (head_rows / 2);
    const std::size_t pair = row % (head_rows / 2);
    const std::size_t to = row / head_rows * head_rows + 2 * pair + half;
    std::copy_n(b.begin() + static_cast<std::ptrdiff_t>(row * columns), columns,
                stored.begin() + static_cast<std::ptrdiff_t>(to * columns));
  }
  return stored;
}

std::vector<float> stored_b(const FoldedModule& module, const model::ModelConfig& config) {
  if (module.target.module.ends_with(".q_proj")) {
    return interleave_rows(module.b, module.target.rank, config.num_heads);
  }
  if (module.target.module.ends_with(".k_proj")) {
    return interleave_rows(module.b, module.target.rank, config.num_kv_heads);
  }
  return module.b;
}

}  // namespace

std::vector<std::byte> gguf_adapter(const FoldedAdapter& adapter, const model::ModelConfig& config,
                                    const std::string& name) {
  const weights::GgufMetadata metadata = {
      {"general.architecture", std::string("llama")},
      {"general.type", std::string("adapter")},
      {"adapter.type", std::string("lora")},
      {"general.name", name},
      {"general.file_type", std::uint32_t{0}},  // LLAMA_FTYPE_ALL_F32
      {"adapter.lora.alpha", static_cast<float>(adapter.alpha)},
      {"general.quantization_version", std::uint32_t{2}}};
  std::vector<std::vector<float>> storage;
  storage.reserve(adapter.modules.size());
  std::vector<weights::TensorView> tensors;
  for (const FoldedModule& module : adapter.modules) {
    const model::LoraTarget& target = module.target;
    const std::string weight = model::gguf_name(target.module + ".weight");
    const std::vector<float>& b = storage.emplace_back(stored_b(module, config));
    tensors.push_back({weight + ".lora_a",
                       weights::DataType::kF32,
                       {target.rank, target.in_features},
                       std::as_bytes(std::span(module.a))});
    tensors.push_back({weight + ".lora_b",
                       weights::DataType::kF32,
                       {target.out_features, target.rank},
                       std::as_bytes(std::span(b))});
  }
  return weights::serialize_gguf(metadata, tensors);
}

}  // namespace temper::exporting
