#include "core/export/adapter_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/export/adapter_tensors.h"
#include "core/export/read_back.h"
#include "core/model/adapter_format.h"
#include "core/weights/safetensors.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
  throw FatalError(fmt::format("{}: {}; the adapter is not exported", path.string(), what));
}

// The settings that PEFT reads from the file.
recipe::Adapter settings_in(const fs::path& path) {
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                              file.bytes().size());
  try {
    return model::read_adapter_config(text, "read back after writing").settings;
  } catch (const UserError& error) {
    refuse(path, error.what());
  }
}

void check_saved(const fs::path& path, const AdapterExport& adapter,
                 const recipe::Adapter& settings) {
  const std::vector<model::Parameter> expected =
      model::resolve_saved_parameters(adapter.config, settings);
  const bool same =
      std::equal(expected.begin(), expected.end(), adapter.saved.begin(), adapter.saved.end(),
                 [](const auto& parameter, const auto& saved) {
                   return parameter.name == saved.key && parameter.shape == saved.shape;
                 });
  if (!same) {
    refuse(path, "modules_to_save does not name the modules that were trained whole");
  }
}

// Modules, ranks and scalings are not stored with the tensors: loaders rebuild them from the
// config.
void check_config(const fs::path& path, const AdapterExport& adapter) {
  const recipe::Adapter settings = settings_in(path);
  check_saved(path, adapter, settings);
  const std::vector<model::LoraTarget> expected =
      model::resolve_lora_targets(adapter.config, settings);
  if (expected.size() != adapter.modules.size()) {
    refuse(path, fmt::format("it makes PEFT adapt {} modules, trained were {}", expected.size(),
                             adapter.modules.size()));
  }
  std::map<std::string, const model::LoraTarget*> by_module;
  for (const model::LoraTarget& target : expected) {
    by_module.emplace(target.module, &target);
  }
  for (const TrainedLora& lora : adapter.modules) {
    const auto found = by_module.find(lora.target.module);
    if (found == by_module.end()) {
      refuse(path, fmt::format("it does not make PEFT adapt {}", lora.target.module));
    }
    const model::LoraTarget& target = *found->second;
    if (target.rank != lora.target.rank || target.scaling != lora.target.scaling ||
        target.in_features != lora.target.in_features ||
        target.out_features != lora.target.out_features) {
      refuse(path,
             fmt::format("it gives {} rank {}, scaling {} and [{}, {}], trained were rank {}, "
                         "scaling {} and [{}, {}]",
                         target.module, target.rank, target.scaling, target.out_features,
                         target.in_features, lora.target.rank, lora.target.scaling,
                         lora.target.out_features, lora.target.in_features));
    }
  }
}

void check_changed(const fs::path& path, const AdapterExport& adapter) {
  const auto is_zero = [](float value) { return value == 0.0F; };
  const bool all_zero = std::all_of(
      adapter.modules.begin(), adapter.modules.end(),
      [&](const TrainedLora& lora) { return std::all_of(lora.b.begin(), lora.b.end(), is_zero); });
  if (adapter.expect_change && all_zero && adapter.saved.empty()) {
    refuse(path, "every lora_B is zero, so training has changed nothing; was the learning rate 0?");
  }
}

}  // namespace

CheckRecord check_adapter(const fs::path& folder, const AdapterExport& adapter) {
  const fs::path weights_path = folder / kAdapterWeightsFile;
  const weights::SafetensorsFile file(weights_path);
  check_tensors(file, weights_path, keyed_tensors(adapter));
  check_changed(weights_path, adapter);
  check_config(folder / kAdapterConfigFile, adapter);
  CheckRecord record{.kind = "adapter", .base_fingerprint = adapter.base_fingerprint};
  if (adapter.probe) {
    add_outputs(record, folder, *adapter.probe);
  }
  return record;
}

}  // namespace temper::exporting
