#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/run/checkpoint_manifest.h"

namespace temper::checkpoint {

/// What a checkpoint belongs to; each a hash made by the caller.
struct Fingerprints {
  std::string recipe;
  std::string data;
  std::string model;
};

/// Throws UserError if the checkpoint was written under another recipe, data or model than
/// `expected`, unless `allowed_changes` ("recipe", "data", "model"; another word is a UserError
/// too) names it. The message names everything that changed and the flag that lets it pass. Returns
/// the changes that were allowed, to be logged.
std::vector<std::string> check_fingerprints(const run::CheckpointManifest& manifest,
                                            const Fingerprints& expected,
                                            std::span<const std::string> allowed_changes);

}  // namespace temper::checkpoint
