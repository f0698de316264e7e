#include "core/export/checkpoint_adapter.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/export/adapter_export.h"
#include "core/export/card_facts.h"
#include "core/weights/safetensors.h"

namespace temper::exporting {
namespace {

constexpr std::string_view kParameter = "param/";

/// The trained parameters of a checkpoint by name, and the bytes that they lie in.
struct Parameters {
  std::vector<std::vector<std::byte>> shares;
  std::map<std::string, weights::TensorView> tensors;
  std::string origin;

  /// UserError unless it is there with so many fp32 values.
  std::span<const float> values(const std::string& name,
                                const std::vector<std::int64_t>& shape) const {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.type != weights::DataType::kF32 ||
        found->second.shape != shape) {
      throw UserError(fmt::format("{}: it has no {} of {}; was it made with another recipe?",
                                  origin, name, weights::shape_text(shape)));
    }
    const std::span<const std::byte> bytes = found->second.bytes;
    return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
  }
};

Parameters read_parameters(const storage::ObjectStore& store,
                           const run::CheckpointCandidate& checkpoint) {
  Parameters read;
  read.origin = fmt::format("{}/{}", store.url(), checkpoint.folder);
  for (const run::CheckpointObject& object : checkpoint.manifest.objects) {
    const std::string key = checkpoint.folder + "/" + object.name;
    auto bytes = store.read(key);
    if (!bytes || sha256_hex(*bytes) != object.sha256) {
      throw UserError(fmt::format("{}: {} is {}", read.origin, object.name,
                                  bytes ? "damaged" : "not there any more"));
    }
    read.shares.push_back(std::move(*bytes));
    for (weights::TensorView& view : weights::parse_safetensors(read.shares.back(), key)) {
      if (view.name.starts_with(kParameter)) {
        const std::string name = view.name.substr(kParameter.size());
        read.tensors.emplace(name, std::move(view));
      }
    }
  }
  return read;
}

}  // namespace

void export_checkpoint_adapter(const std::filesystem::path& folder, const CheckpointSource& source,
                               const storage::ObjectStore& store,
                               const run::CheckpointCandidate& checkpoint) {
  const Parameters parameters = read_parameters(store, checkpoint);
  const recipe::Recipe& recipe = source.recipe;
  AdapterExport adapter;
  adapter.settings = recipe.adapter;
  adapter.config = source.config;
  adapter.base_name = recipe.model.name.empty() ? recipe.model.base : recipe.model.name;
  adapter.base_fingerprint = source.base_fingerprint;
  for (const model::LoraTarget& target :
       model::resolve_lora_targets(source.config, recipe.adapter)) {
    adapter.modules.push_back(
        {target,
         parameters.values(target.module + ".lora_A.weight", {target.rank, target.in_features}),
         parameters.values(target.module + ".lora_B.weight", {target.out_features, target.rank})});
  }
  for (const model::Parameter& saved :
       model::resolve_saved_parameters(source.config, recipe.adapter)) {
    adapter.saved.push_back({saved.name, saved.shape, parameters.values(saved.name, saved.shape)});
  }
  const std::size_t num_tensors = adapter.modules.size() * 2 + adapter.saved.size();
  if (num_tensors != parameters.tensors.size()) {
    throw UserError(
        fmt::format("{}: it has {} trained tensors, the recipe's adapter {}; was it "
                    "made with another recipe?",
                    parameters.origin, parameters.tensors.size(), num_tensors));
  }
  adapter.expect_change = checkpoint.manifest.step > 0 && recipe.optimizer.lr > 0;
  adapter.facts = facts_of_run(recipe, source.layout);
  adapter.facts.steps = checkpoint.manifest.step;
  export_adapter(folder, adapter);
}

}  // namespace temper::exporting
