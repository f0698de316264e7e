// write_logits BASE ADAPTER OUT ID…: Temper's own logits of the base model with a PEFT adapter for
// these tokens, as a safetensors file with "input_ids" [n] and "logits" [n, vocabulary]; what
// tests/reference/compare_logits.py compares with.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "core/base/durable_file.h"
#include "core/export/adapter_folder.h"
#include "core/weights/safetensors.h"
#include "trainer/model/kernels.h"
#include "trainer/model/llama.h"

namespace temper {
namespace {

model::FloatBuffer adapter_values(const exporting::AdapterFolder& adapter,
                                  const model::ParameterLayout& layout) {
  std::map<std::string, std::vector<float>> values;
  for (const exporting::AdapterFolder::Module& module : adapter.modules()) {
    values[module.target.module + ".lora_A.weight"] = exporting::read_float32(module.a);
    values[module.target.module + ".lora_B.weight"] = exporting::read_float32(module.b);
  }
  for (const exporting::AdapterFolder::Whole& whole : adapter.whole()) {
    values[whole.parameter.name] = exporting::read_float32(whole.view);
  }
  model::FloatBuffer parameters = model::FloatBuffer::zeros(layout.size());
  for (const model::TrainedTensor& tensor : layout.tensors()) {
    const std::vector<float>& from = values.at(tensor.name);
    std::copy(from.begin(), from.end(), parameters.data() + tensor.offset);
  }
  return parameters;
}

void write_logits(const std::string& base_path, const std::string& adapter_path,
                  const std::string& out, const std::vector<std::int64_t>& ids) {
  const auto base = model::BaseModel::open(base_path);
  const exporting::AdapterFolder adapter(adapter_path, base->config());
  const auto num_tokens = static_cast<std::int64_t>(ids.size());
  std::vector<model::LoraTarget> targets;
  for (const exporting::AdapterFolder::Module& module : adapter.modules()) {
    targets.push_back(module.target);
  }
  const auto model = model::LlamaModel::with_lora(
      *base, targets, 0, num_tokens,
      model::resolve_saved_parameters(base->config(), adapter.config().settings));
  model::PackedSequences sequences;
  sequences.ids.assign(ids.begin(), ids.end());
  sequences.trained.assign(ids.size(), 0);
  sequences.offsets = {0, static_cast<std::int32_t>(num_tokens)};
  model::SlotWorkspace workspace;
  const std::vector<float> logits =
      model->logits(*model::make_cpu_kernels(), sequences,
                    adapter_values(adapter, model->layout()).data(), workspace);
  const auto vocabulary = base->config().vocabulary_size;
  write_file_durably(
      out, weights::serialize_safetensors(
               {{"input_ids", weights::DataType::kI64, {num_tokens}, std::as_bytes(std::span(ids))},
                {"logits",
                 weights::DataType::kF32,
                 {num_tokens, vocabulary},
                 std::as_bytes(std::span(logits))}},
               {}));
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: write_logits BASE ADAPTER OUT ID…\n";
    return 2;
  }
  try {
    std::vector<std::int64_t> ids;
    for (int i = 4; i < argc; ++i) {
      ids.push_back(std::stoll(argv[i]));
    }
    temper::write_logits(argv[1], argv[2], argv[3], ids);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
