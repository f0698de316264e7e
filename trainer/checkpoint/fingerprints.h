#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/run/checkpoint_manifest.h"

namespace temper::checkpoint {

/// What a checkpoint belongs to: hashes made by the caller, and a kind of device in words.
struct Fingerprints {
  std::string recipe;
  std::string data;
  std::string model;
  std::string device;
};

/// Throws UserError if the checkpoint was written under another recipe, data or model, or on
/// another kind of device, than `expected`, unless `allowed_changes` ("recipe", "data", "model",
/// "device"; another word is a UserError too) names it. A checkpoint that does not tell its device
/// fits any. The message names everything that changed and the flag that lets it pass. Returns the
/// changes that were allowed, to be logged.
std::vector<std::string> check_fingerprints(const run::CheckpointManifest& manifest,
                                            const Fingerprints& expected,
                                            std::span<const std::string> allowed_changes);

}  // namespace temper::checkpoint
