#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/run/checkpoint_manifest.h"

namespace temper::run {

std::span<const std::byte> as_bytes(std::string_view text);

/// The object's content for step `step` and share `rank`; differs for each.
std::string share_content(std::int64_t step, int rank);

/// Writes the objects of a checkpoint of two ranks, without its manifest, and returns that.
CheckpointManifest write_shares(storage::ObjectStore& store, std::int64_t step,
                                std::string_view attempt);

/// A whole save, as rank 0 does it: shares, manifest last. Returns the folder.
std::string save(storage::ObjectStore& store, std::int64_t step, std::string_view attempt);

}  // namespace temper::run
