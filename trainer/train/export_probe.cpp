#include "trainer/train/export_probe.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/base/check.h"
#include "core/export/adapter_tensors.h"
#include "core/model/adapter_format.h"
#include "core/weights/safetensors.h"
#include "trainer/train/device_parameters.h"

namespace temper::train {
namespace {

constexpr std::uint64_t kSamples = 4;
constexpr std::size_t kLossTokens = 256;   // of each sample
constexpr std::size_t kLogitsTokens = 64;  // of the first one

struct ProbeInput {
  model::PackedSequences logits;
  std::vector<model::PackedSequences> loss;  // a sample each: no more activations than a slot has
  std::int64_t num_samples = 0;
};

void append_sample(model::PackedSequences& sequences, const text::EncodedSample& sample,
                   std::size_t max_tokens) {
  const auto length = static_cast<std::ptrdiff_t>(std::min(sample.ids.size(), max_tokens));
  sequences.ids.insert(sequences.ids.end(), sample.ids.begin(), sample.ids.begin() + length);
  sequences.trained.resize(sequences.ids.size(), 1);
  sequences.trained[sequences.ids.size() - static_cast<std::size_t>(length)] = 0;
  sequences.offsets.push_back(static_cast<std::int32_t>(sequences.ids.size()));
}

ProbeInput probe_input(const ExportParts& parts) {
  const auto max_length = static_cast<std::size_t>(parts.recipe.data.max_length);
  ProbeInput input;
  const std::uint64_t num_samples = std::min(kSamples, parts.dataset.size());
  for (std::uint64_t i = 0; i < num_samples; ++i) {
    const data::Record record = parts.dataset.read(i);
    const text::EncodedSample sample = parts.encoder.encode(record.bytes, record.origin);
    if (sample.ids.empty()) {
      continue;
    }
    append_sample(input.loss.emplace_back(), sample, std::min(kLossTokens, max_length));
    if (input.num_samples == 0) {
      append_sample(input.logits, sample, std::min(kLogitsTokens, max_length));
    }
    ++input.num_samples;
  }
  return input;
}

exporting::Outputs outputs(SlotEngine& engine, const ProbeInput& input, const float* parameters) {
  double loss_sum = 0;
  std::int64_t num_predicted = 0;
  for (const model::PackedSequences& sample : input.loss) {
    const model::LossResult loss = engine.loss(sample, parameters);
    loss_sum += loss.loss_sum;
    num_predicted += loss.num_trained;
  }
  return {engine.logits(input.logits, parameters),
          loss_sum / static_cast<double>(std::max<std::int64_t>(num_predicted, 1))};
}

model::FloatBuffer read_adapter(const model::ParameterLayout& layout,
                                const std::filesystem::path& folder) {
  const weights::SafetensorsFile file(folder / exporting::kAdapterWeightsFile);
  model::FloatBuffer parameters = model::FloatBuffer::zeros(layout.size());
  for (const model::TrainedTensor& tensor : layout.tensors()) {
    const weights::TensorView* view = file.find(model::adapter_key(tensor.name));
    CHECK(view != nullptr && view->bytes.size() == tensor.size * sizeof(float), "{}", tensor.name);
    std::memcpy(parameters.data() + tensor.offset, view->bytes.data(), view->bytes.size());
  }
  return parameters;
}

exporting::Probe probe_of(const ExportParts& parts, const ProbeInput& input) {
  exporting::Probe probe;
  probe.num_samples = input.num_samples;
  DeviceParameters parameters(parts.engine.memory());
  probe.trained = outputs(parts.engine, input, parameters.refresh(parts.state.parameters.span()));
  return probe;
}

}  // namespace

exporting::Probe adapter_probe(const ExportParts& parts) {
  const ProbeInput input = probe_input(parts);
  exporting::Probe probe = probe_of(parts, input);
  probe.of_files = [&parts, input](const std::filesystem::path& folder) {
    const model::FloatBuffer read = read_adapter(parts.model.layout(), folder);
    DeviceParameters parameters(parts.engine.memory());
    return outputs(parts.engine, input, parameters.refresh(read.span()));
  };
  return probe;
}

exporting::Probe model_probe(const ExportParts& parts) {
  const ProbeInput input = probe_input(parts);
  exporting::Probe probe = probe_of(parts, input);
  probe.of_files = [&parts, input](const std::filesystem::path& folder) {
    const auto written = model::BaseModel::open(folder);
    const auto frozen = model::LlamaModel::with_lora(*written, {}, 0, parts.recipe.data.max_length,
                                                     {}, parts.kernels.placement());
    model::SlotSettings settings;
    settings.memory = parts.recipe.memory;
    SlotEngine engine(*frozen, parts.kernels, parts.workers, settings);
    return outputs(engine, input, nullptr);
  };
  return probe;
}

}  // namespace temper::train
