#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace temper::exporting {

/// Which tensors, by their index, go into which file of a Hugging Face model.
struct ShardPlan {
  struct Shard {
    std::string file;
    std::vector<std::size_t> tensors;
  };
  std::vector<Shard> shards;
};

/// Fills one file after the other in the given order up to max_bytes, as Transformers'
/// split_state_dict does; a tensor with more gets a file of its own. One file is model.safetensors,
/// several are model-00001-of-0000N.safetensors.
ShardPlan plan_shards(const std::vector<std::uint64_t>& tensor_bytes, std::uint64_t max_bytes);

/// model.safetensors.index.json.
std::string shard_index_json(const ShardPlan& plan, const std::vector<std::string>& names,
                             const std::vector<std::uint64_t>& tensor_bytes);

}  // namespace temper::exporting
