#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/object_store.h"

namespace temper::run {

struct CheckpointObject {
  std::string name;  ///< within the checkpoint's folder
  std::uint64_t size_bytes = 0;
  std::uint32_t crc32c = 0;
  std::string sha256;
  bool operator==(const CheckpointObject&) const = default;
};

/// What makes a checkpoint exist (docs/checkpoint-format.md). Created last and conditionally.
struct CheckpointManifest {
  std::int64_t version = 1;
  std::string attempt;
  std::int64_t step = 0;       ///< optimizer steps done
  std::uint64_t position = 0;  ///< next position of the training stream
  int num_ranks = 0;           ///< that wrote it; any number may read it
  std::string recipe_fingerprint;
  std::string data_fingerprint;
  std::string model_fingerprint;
  std::string device;  ///< kind that slots were computed on; empty: not known
  std::vector<CheckpointObject> objects;
  bool operator==(const CheckpointManifest&) const = default;
};

std::string to_json(const CheckpointManifest& manifest);
/// UserError naming `origin` and the field. Bounded: hostile sizes and counts are refused.
CheckpointManifest parse_manifest(std::string_view json, const std::string& origin);

/// A checkpoint folder in the store and why it can't be used, if so.
struct CheckpointCandidate {
  std::string folder;  ///< "step-00000050.a1b2c3"
  CheckpointManifest manifest;
  std::string problem;  ///< empty: verified
};

/// How closely an object is looked at.
enum class Depth {
  kQuick,  ///< size, and the crc32c that the service computed; read only where it gives none
  kFull,   ///< read, crc32c and sha256 compared
};

/// Lists folders newest step first and verifies (manifest parses, every object there as the
/// manifest says) until the first good one. The result's last entry is the good one, if any; those
/// before it were skipped, with the reason. `store` is rooted at the checkpoints folder.
std::vector<CheckpointCandidate> find_checkpoint(const storage::ObjectStore& store,
                                                 Depth depth = Depth::kQuick);

/// All of them, newest step first. Without `depth` only manifests are looked at.
std::vector<CheckpointCandidate> list_checkpoints(const storage::ObjectStore& store,
                                                  std::optional<Depth> depth);

/// Whether the store holds an object as the manifest of `folder` says: "" or what is wrong with it.
/// Throws StorageError only if the store is down or refuses.
std::string verify_object(const storage::ObjectStore& store, std::string_view folder,
                          const CheckpointObject& object, Depth depth);

/// Deletes one checkpoint: its manifest first, then what that names. What no manifest names stays.
/// UserError if there is no readable manifest.
void remove_checkpoint(storage::ObjectStore& store, std::string_view folder);

/// Commits: writes the manifest with create_if_absent. False if somebody else's was there.
[[nodiscard]] bool commit_checkpoint(storage::ObjectStore& store,
                                     const CheckpointManifest& manifest);

/// Deletes superseded checkpoints beyond `keep`: only what their manifests name, manifest first,
/// never the newest verified one (`newest` is its folder). Returns the folders removed.
std::vector<std::string> collect_checkpoints(storage::ObjectStore& store, std::string_view newest,
                                             std::int64_t keep);

}  // namespace temper::run
