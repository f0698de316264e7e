// Which checkpoints are there, which of them are whole, which may go. The rules are those of
// docs/checkpoint-format.md: a checkpoint exists if and only if its manifest parses and every
// object in it is there with its size and checksums.

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/check.h"
#include "core/base/crc32c.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/run/checkpoint_manifest.h"
#include "core/run/run_layout.h"

namespace temper::run {
namespace {

using storage::ObjectStore;
using storage::StorageError;

struct Folder {
  std::string name;
  CheckpointName parts;
};

std::string key_in(std::string_view folder, std::string_view name) {
  return fmt::format("{}/{}", folder, name);
}

/// Checkpoint folders, finished or not, newest step first; of one step by name, so that all
/// processes agree.
std::vector<Folder> list_folders(const ObjectStore& store) {
  std::vector<Folder> folders;
  for (const storage::ObjectInfo& object : store.list("step-")) {
    const std::string name = object.key.substr(0, object.key.find('/'));
    if (name.size() == object.key.size() || (!folders.empty() && folders.back().name == name)) {
      continue;
    }
    if (auto parts = parse_checkpoint_name(name)) {
      folders.push_back({name, *std::move(parts)});
    }
  }
  std::ranges::sort(folders, [](const Folder& left, const Folder& right) {
    return std::tie(right.parts.step, left.name) < std::tie(left.parts.step, right.name);
  });
  return folders;
}

/// Throws UserError if there is none or it can't be this folder's.
CheckpointManifest read_manifest(const ObjectStore& store, const Folder& folder) {
  const std::string key = key_in(folder.name, kManifestName);
  const std::optional<std::vector<std::byte>> bytes = store.read(key);
  if (!bytes) {
    throw UserError("its save was not finished: there is no manifest");
  }
  CheckpointManifest manifest =
      parse_manifest({reinterpret_cast<const char*>(bytes->data()), bytes->size()},
                     fmt::format("{}/{}", store.url(), key));
  if (manifest.step != folder.parts.step || manifest.attempt != folder.parts.attempt) {
    throw UserError(fmt::format("its manifest is that of {}; was it copied here?",
                                checkpoint_name(manifest.step, manifest.attempt)));
  }
  return manifest;
}

/// What is wrong with an object's bytes, or "". Reads them in pieces, so that memory stays bounded.
std::string verify_bytes(const ObjectStore& store, const std::string& key,
                         const CheckpointObject& object) {
  constexpr std::uint64_t kPieceBytes = 8U << 20U;
  std::vector<std::byte> piece;
  std::uint32_t crc = 0;
  Sha256 hash;
  for (std::uint64_t begin = 0; begin < object.size_bytes; begin += piece.size()) {
    piece.resize(std::min(kPieceBytes, object.size_bytes - begin));
    store.read_range(key, begin, piece);
    crc = crc32c(piece, crc);
    hash.update(piece);
  }
  if (crc != object.crc32c) {
    return fmt::format("{} is damaged: crc32c {:08x} instead of {:08x}", object.name, crc,
                       object.crc32c);
  }
  const std::string sha256 = hash.hex_digest();
  if (sha256 != object.sha256) {
    return fmt::format("{} is damaged: sha256 {} instead of {}", object.name, sha256,
                       object.sha256);
  }
  return "";
}

std::string verify_objects(const ObjectStore& store, const std::string& folder,
                           const CheckpointManifest& manifest, Depth depth) {
  for (const CheckpointObject& object : manifest.objects) {
    if (std::string problem = verify_object(store, folder, object, depth); !problem.empty()) {
      return problem;
    }
  }
  return "";
}

/// A store that is down must not look like a damaged checkpoint: only the object's own failures
/// count against it, others go on to the caller.
bool is_about_object(const StorageError& error) {
  return error.kind() == StorageError::Kind::kCorrupt ||
         error.kind() == StorageError::Kind::kNotFound;
}

/// Without `depth` only the manifest.
CheckpointCandidate examine(const ObjectStore& store, const Folder& folder,
                            std::optional<Depth> depth) {
  CheckpointCandidate candidate{.folder = folder.name, .manifest = {}, .problem = {}};
  try {
    candidate.manifest = read_manifest(store, folder);
    if (depth) {
      candidate.problem = verify_objects(store, folder.name, candidate.manifest, *depth);
    }
  } catch (const UserError& error) {
    candidate.problem = error.what();
  } catch (const StorageError& error) {
    if (!is_about_object(error)) {
      throw;
    }
    candidate.problem = error.what();
  }
  return candidate;
}

/// The manifest if it parses.
std::optional<CheckpointManifest> manifest_if_readable(const ObjectStore& store,
                                                       const Folder& folder) {
  try {
    return read_manifest(store, folder);
  } catch (const UserError&) {
    return std::nullopt;
  }
}

}  // namespace

std::string verify_object(const ObjectStore& store, std::string_view folder,
                          const CheckpointObject& object, Depth depth) {
  const std::string key = key_in(folder, object.name);
  const std::optional<storage::ObjectState> state = store.state(key);
  if (!state) {
    return fmt::format("{} is missing", object.name);
  }
  if (state->size_bytes != object.size_bytes) {
    return fmt::format("{} has {} bytes instead of {}", object.name, state->size_bytes,
                       object.size_bytes);
  }
  if (depth == Depth::kFull || !state->crc32c) {
    return verify_bytes(store, key, object);
  }
  return *state->crc32c == object.crc32c
             ? ""
             : fmt::format("{} is damaged: crc32c {:08x} instead of {:08x}", object.name,
                           *state->crc32c, object.crc32c);
}

std::vector<CheckpointCandidate> find_checkpoint(const ObjectStore& store, Depth depth) {
  std::vector<CheckpointCandidate> candidates;
  for (const Folder& folder : list_folders(store)) {
    candidates.push_back(examine(store, folder, depth));
    if (candidates.back().problem.empty()) {
      break;
    }
  }
  return candidates;
}

std::vector<CheckpointCandidate> list_checkpoints(const ObjectStore& store,
                                                  std::optional<Depth> depth) {
  std::vector<CheckpointCandidate> candidates;
  for (const Folder& folder : list_folders(store)) {
    candidates.push_back(examine(store, folder, depth));
  }
  return candidates;
}

void remove_checkpoint(ObjectStore& store, std::string_view folder) {
  const std::optional<CheckpointName> parts = parse_checkpoint_name(folder);
  if (!parts) {
    throw UserError(
        fmt::format("'{}' is no name of a checkpoint, like step-00000050.a1b2c3d4", folder));
  }
  const CheckpointManifest manifest = read_manifest(store, {std::string(folder), *parts});
  // Without its manifest it is no checkpoint any more, so a crash from here on does no harm.
  store.remove(key_in(folder, kManifestName));
  for (const CheckpointObject& object : manifest.objects) {
    store.remove(key_in(folder, object.name));
  }
}

bool commit_checkpoint(ObjectStore& store, const CheckpointManifest& manifest) {
  const std::string json = to_json(manifest);
  return store.create_if_absent(
      key_in(checkpoint_name(manifest.step, manifest.attempt), kManifestName),
      std::as_bytes(std::span(json)));
}

std::vector<std::string> collect_checkpoints(ObjectStore& store, std::string_view newest,
                                             std::int64_t keep) {
  CHECK(keep >= 1, "keep is {}", keep);
  const std::optional<CheckpointName> newest_parts = parse_checkpoint_name(newest);
  CHECK(newest_parts.has_value(), "'{}' is no checkpoint", newest);
  std::vector<std::string> removed;
  std::int64_t num_kept = 1;  // the newest
  for (const Folder& folder : list_folders(store)) {
    // Later steps than the newest are not superseded by it, whatever is wrong with them.
    if (folder.name == newest || folder.parts.step > newest_parts->step) {
      continue;
    }
    const std::optional<CheckpointManifest> manifest = manifest_if_readable(store, folder);
    if (!manifest) {
      continue;
    }
    if (num_kept < keep) {
      ++num_kept;
      continue;
    }
    remove_checkpoint(store, folder.name);
    removed.push_back(folder.name);
  }
  return removed;
}

}  // namespace temper::run
