#include "core/export/shard_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace temper::exporting {

ShardPlan plan_shards(const std::vector<std::uint64_t>& tensor_bytes, std::uint64_t max_bytes) {
  ShardPlan plan;
  plan.shards.emplace_back();
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < tensor_bytes.size(); ++i) {
    if (!plan.shards.back().tensors.empty() && bytes + tensor_bytes[i] > max_bytes) {
      plan.shards.emplace_back();
      bytes = 0;
    }
    plan.shards.back().tensors.push_back(i);
    bytes += tensor_bytes[i];
  }
  const std::size_t count = plan.shards.size();
  for (std::size_t i = 0; i < count; ++i) {
    plan.shards[i].file = count == 1
                              ? "model.safetensors"
                              : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, count);
  }
  return plan;
}

std::string shard_index_json(const ShardPlan& plan, const std::vector<std::string>& names,
                             const std::vector<std::uint64_t>& tensor_bytes) {
  nlohmann::json weight_map = nlohmann::json::object();
  std::uint64_t total_bytes = 0;
  for (const ShardPlan::Shard& shard : plan.shards) {
    for (const std::size_t tensor : shard.tensors) {
      weight_map[names[tensor]] = shard.file;
      total_bytes += tensor_bytes[tensor];
    }
  }
  const nlohmann::json index = {{"metadata", {{"total_size", total_bytes}}},
                                {"weight_map", weight_map}};
  return index.dump(2) + "\n";
}

}  // namespace temper::exporting
