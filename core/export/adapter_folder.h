#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/model/adapter_format.h"
#include "core/model/parameters.h"
#include "core/weights/safetensors.h"

namespace temper::exporting {

/// A stored tensor as fp32.
std::vector<float> read_float32(const weights::TensorView& view);

/// An adapter's folder in PEFT's format, by Temper or another program, held against the config of
/// its base model. The weights are mapped. Immutable, thread-safe.
class AdapterFolder {
 public:
  /// One adapted module: A [rank, in], B [out, rank].
  struct Module {
    model::LoraTarget target;
    weights::TensorView a, b;
  };
  /// A parameter that was trained whole; `view` is named as the parameter is.
  struct Whole {
    model::Parameter parameter;
    weights::TensorView view;
  };

  /// UserError naming file and tensor if a file is missing or broken, the config is not a LoRA's,
  /// or the tensors are not exactly those that it asks for on this base: keys, shapes, floating
  /// types, finite values.
  AdapterFolder(const std::filesystem::path& folder, const model::ModelConfig& base);

  const model::AdapterConfig& config() const { return config_; }
  const std::vector<Module>& modules() const { return modules_; }
  const std::vector<Whole>& whole() const { return whole_; }

 private:
  weights::TensorView take(const std::string& key, const std::vector<std::int64_t>& shape) const;

  std::filesystem::path weights_path_;
  model::AdapterConfig config_;
  weights::SafetensorsFile file_;
  std::vector<Module> modules_;
  std::vector<Whole> whole_;
};

}  // namespace temper::exporting
