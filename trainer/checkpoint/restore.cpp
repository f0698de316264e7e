#include "trainer/checkpoint/restore.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/base/crc32c.h"
#include "core/base/error.h"
#include "core/run/run_layout.h"
#include "core/weights/safetensors.h"
#include "trainer/checkpoint/together.h"

namespace temper::checkpoint {
namespace {

// The JSON of rank 0's choice; empty if there is none.
std::string choose(const storage::ObjectStore& store, const Logger& logger) {
  std::string chosen;
  for (const run::CheckpointCandidate& candidate : run::find_checkpoint(store)) {
    if (candidate.problem.empty()) {
      logger.info("checkpoint {}: verified", candidate.folder);
      chosen = run::to_json(candidate.manifest);
    } else {
      logger.warning("checkpoint {} skipped: {}", candidate.folder, candidate.problem);
    }
  }
  return chosen;
}

// The tensors to fill, by name; what is filled is taken out.
class Wanted {
 public:
  Wanted(std::span<const NamedTensor> tensors, std::string checkpoint)
      : checkpoint_(std::move(checkpoint)) {
    for (const NamedTensor& tensor : tensors) {
      const bool added = missing_.emplace(tensor.name, &tensor).second;
      CHECK(added, "two tensors of the training state are called {}", tensor.name);
    }
  }

  void fill(const weights::TensorView& saved) {
    const auto found = missing_.find(saved.name);
    if (found == missing_.end()) {
      throw UserError(
          fmt::format("checkpoint {}: has tensor {}, which this recipe does not train (or has it "
                      "twice); resume "
                      "with the recipe that wrote it, or start a new run",
                      checkpoint_, saved.name));
    }
    const NamedTensor& tensor = *found->second;
    if (saved.shape != tensor.shape || saved.type != tensor.type) {
      throw UserError(
          fmt::format("checkpoint {}: tensor {} is {} [{}], this recipe trains {} [{}]; resume "
                      "with the recipe "
                      "that wrote it, or start a new run",
                      checkpoint_, saved.name, weights::data_type_name(saved.type),
                      fmt::join(saved.shape, ", "), weights::data_type_name(tensor.type),
                      fmt::join(tensor.shape, ", ")));
    }
    const bool is_here = tensor.holder == kEveryRank || !tensor.bytes.empty();
    CHECK(!is_here || saved.bytes.size() == tensor.bytes.size(), "tensor {}: {} bytes for {}",
          tensor.name, tensor.bytes.size(), saved.bytes.size());
    if (is_here && !saved.bytes.empty()) {
      std::memcpy(tensor.bytes.data(), saved.bytes.data(), saved.bytes.size());
    }
    missing_.erase(found);
  }

  void check_complete() const {
    if (!missing_.empty()) {
      throw UserError(fmt::format(
          "checkpoint {}: lacks {} of the tensors that this recipe trains, {} among them; resume "
          "with the recipe that wrote it, or start a new run",
          checkpoint_, missing_.size(), missing_.begin()->first));
    }
  }

 private:
  std::string checkpoint_;
  std::map<std::string, const NamedTensor*, std::less<>> missing_;
};

std::vector<std::byte> read_verified(const storage::ObjectStore& store, const std::string& folder,
                                     const run::CheckpointObject& object) {
  const std::string key = folder + "/" + object.name;
  std::optional<std::vector<std::byte>> bytes = store.read(key);
  if (!bytes || bytes->size() != object.size_bytes || crc32c(*bytes) != object.crc32c) {
    throw RetryableError(fmt::format(
        "{}: {} reads differently here ({}) than when rank 0 verified it a moment ago; is it the "
        "same storage on all hosts, and does nothing else write there?",
        store.url(), key,
        !bytes ? "absent"
               : fmt::format("{} of {} bytes, crc32c {:08x} for {:08x}", bytes->size(),
                             object.size_bytes, crc32c(*bytes), object.crc32c)));
  }
  return std::move(*bytes);
}

}  // namespace

std::optional<run::CheckpointManifest> find_newest(const storage::ObjectStore& store,
                                                   comm::Communicator& communicator,
                                                   const Logger& logger) {
  std::string chosen;
  run_together(communicator, [&] {
    if (communicator.rank() == 0) {
      chosen = choose(store, logger);
    }
  });
  const std::vector<std::byte> agreed =
      communicator.all_gather(std::as_bytes(std::span(chosen))).front();
  if (agreed.empty()) {
    return std::nullopt;
  }
  return run::parse_manifest(
      std::string_view(reinterpret_cast<const char*>(agreed.data()), agreed.size()), store.url());
}

void load(const storage::ObjectStore& store, comm::Communicator& communicator,
          const run::CheckpointManifest& manifest, std::span<const NamedTensor> tensors) {
  run_together(communicator, [&] {
    const std::string folder = run::checkpoint_name(manifest.step, manifest.attempt);
    Wanted wanted(tensors, folder);
    for (const run::CheckpointObject& object : manifest.objects) {
      const std::vector<std::byte> bytes = read_verified(store, folder, object);
      for (const weights::TensorView& saved :
           weights::parse_safetensors(bytes, store.url() + "/" + folder + "/" + object.name)) {
        wanted.fill(saved);
      }
    }
    wanted.check_complete();
  });
}

std::optional<run::CheckpointManifest> restore(const storage::ObjectStore& store,
                                               comm::Communicator& communicator,
                                               std::span<const NamedTensor> tensors,
                                               const Logger& logger) {
  std::optional<run::CheckpointManifest> manifest = find_newest(store, communicator, logger);
  if (manifest) {
    load(store, communicator, *manifest, tensors);
  }
  return manifest;
}

}  // namespace temper::checkpoint
