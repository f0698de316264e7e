#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/run/checkpoint_manifest.h"

namespace temper::checkpoint {

/// Where all ranks agree that a save is. Moves only in begin() and by the same statuses everywhere.
enum class SavePhase { kIdle, kWriting, kCommitting };

/// How far one rank's own part of the phase is.
enum class SaveProgress { kBusy, kDone, kFailed };

/// What a rank tells the others at a step boundary.
struct SaveStatus {
  SavePhase phase = SavePhase::kIdle;
  SaveProgress progress = SaveProgress::kDone;
  std::int64_t step = 0;                         ///< of the save in flight
  std::optional<run::CheckpointObject> receipt;  ///< kWriting, kDone: the object; none: empty share
  std::string problem;                           ///< kFailed: why, one line
  bool operator==(const SaveStatus&) const = default;
};

/// JSON; an idle rank's is a few bytes.
std::vector<std::byte> encode(const SaveStatus& status);
/// Only for bytes made by encode() in this same build; throws std::runtime_error on others.
SaveStatus decode_status(std::span<const std::byte> bytes);

}  // namespace temper::checkpoint
