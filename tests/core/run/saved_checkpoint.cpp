#include "tests/core/run/saved_checkpoint.h"

#include <fmt/format.h>

#include <stdexcept>

#include "core/base/crc32c.h"
#include "core/base/hash.h"
#include "core/run/run_layout.h"

namespace temper::run {

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string share_content(std::int64_t step, int rank) {
  return fmt::format("tensors of step {} from rank {}", step, rank);
}

CheckpointManifest write_shares(storage::ObjectStore& store, std::int64_t step,
                                std::string_view attempt) {
  constexpr int kRanks = 2;
  CheckpointManifest manifest;
  manifest.attempt = attempt;
  manifest.step = step;
  manifest.position = static_cast<std::uint64_t>(step) * 8;
  manifest.num_ranks = kRanks;
  manifest.recipe_fingerprint = "recipe";
  manifest.data_fingerprint = "data";
  manifest.model_fingerprint = "model";
  for (int rank = 0; rank < kRanks; ++rank) {
    const std::string content = share_content(step, rank);
    const std::string name = share_name(rank, kRanks);
    store.write(checkpoint_name(step, attempt) + "/" + name, as_bytes(content));
    manifest.objects.push_back(
        {name, content.size(), crc32c(as_bytes(content)), sha256_hex(content)});
  }
  return manifest;
}

std::string save(storage::ObjectStore& store, std::int64_t step, std::string_view attempt) {
  if (!commit_checkpoint(store, write_shares(store, step, attempt))) {
    throw std::runtime_error("somebody else's manifest is there");
  }
  return checkpoint_name(step, attempt);
}

}  // namespace temper::run
