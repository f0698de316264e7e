#include "core/export/adapter_folder.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/export/adapter_tensors.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;

model::AdapterConfig read_config(const fs::path& folder) {
  const fs::path path = folder / kAdapterConfigFile;
  if (!fs::is_regular_file(path)) {
    throw UserError(fmt::format("{}: there is no {}, so this is no adapter's folder",
                                folder.string(), kAdapterConfigFile));
  }
  const MappedFile file(path);
  return model::read_adapter_config(
      std::string_view(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()),
      path.string());
}

fs::path weights_in(const fs::path& folder) {
  fs::path path = folder / kAdapterWeightsFile;
  if (!fs::is_regular_file(path)) {
    throw UserError(
        fmt::format("{}: there is no {}{}", folder.string(), kAdapterWeightsFile,
                    fs::exists(folder / "adapter_model.bin")
                        ? "; adapter_model.bin is not supported, save the adapter as safetensors"
                        : ""));
  }
  return path;
}

}  // namespace

std::vector<float> read_float32(const weights::TensorView& view) {
  std::vector<float> values(static_cast<std::size_t>(view.num_elements()));
  if (!values.empty()) {
    weights::to_float32(view, 0, view.shape.front(), values);
  }
  return values;
}

AdapterFolder::AdapterFolder(const fs::path& folder, const model::ModelConfig& base)
    : weights_path_(weights_in(folder)), config_(read_config(folder)), file_(weights_path_) {
  for (model::LoraTarget& target : model::resolve_lora_targets(base, config_.settings)) {
    Module& module = modules_.emplace_back();
    module.a = take(model::lora_a_key(target.module), {target.rank, target.in_features});
    module.b = take(model::lora_b_key(target.module), {target.out_features, target.rank});
    module.target = std::move(target);
  }
  for (model::Parameter& parameter : model::resolve_saved_parameters(base, config_.settings)) {
    Whole& whole = whole_.emplace_back();
    whole.view = take(model::adapter_key(parameter.name), parameter.shape);
    whole.view.name = parameter.name;
    whole.parameter = std::move(parameter);
  }
  const std::size_t expected = 2 * modules_.size() + whole_.size();
  if (file_.tensors().size() != expected) {
    throw UserError(fmt::format(
        "{}: has {} tensors, {} on this base model asks for {}; loaders would pass over "
        "the others without a word",
        weights_path_.string(), file_.tensors().size(), kAdapterConfigFile, expected));
  }
}

weights::TensorView AdapterFolder::take(const std::string& key,
                                        const std::vector<std::int64_t>& shape) const {
  const auto fail = [&](const std::string& what) {
    throw UserError(fmt::format("{}: tensor '{}' {}", weights_path_.string(), key, what));
  };
  const weights::TensorView* view = file_.find(key);
  if (view == nullptr) {
    fail(fmt::format("is missing, which {} on this base model asks for", kAdapterConfigFile));
  }
  if (view->shape != shape || !weights::is_floating(view->type)) {
    fail(fmt::format("is {} {}, the config on this base model asks for {}",
                     weights::data_type_name(view->type), weights::shape_text(view->shape),
                     weights::shape_text(shape)));
  }
  for (const float value : read_float32(*view)) {
    if (!std::isfinite(value)) {
      fail(fmt::format("holds {}; the adapter is damaged", value));
    }
  }
  return *view;
}

}  // namespace temper::exporting
