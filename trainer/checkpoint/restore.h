#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/base/log.h"
#include "core/run/checkpoint_manifest.h"
#include "core/storage/object_store.h"
#include "trainer/checkpoint/named_tensor.h"
#include "trainer/comm/communicator.h"

/// Reading a checkpoint back, on any number of ranks. All ranks call each function together; a
/// failure on one throws the same kind of error, with the same message, on all of them.
namespace temper::checkpoint {

/// Rank 0 verifies, newest first, and logs why it skipped a newer one; all ranks get its answer.
/// nullopt if none verifies. `store` is rooted at the checkpoints folder.
std::optional<run::CheckpointManifest> find_newest(const storage::ObjectStore& store,
                                                   comm::Communicator& communicator,
                                                   const Logger& logger);

/// Fills `tensors`, as far as this rank holds them, from the checkpoint's objects; each rank reads
/// all of them and checks their crc32c again. UserError if names or shapes do not fit;
/// RetryableError if a rank reads other bytes than rank 0 verified. After an exception the tensors'
/// content is unspecified.
void load(const storage::ObjectStore& store, comm::Communicator& communicator,
          const run::CheckpointManifest& manifest, std::span<const NamedTensor> tensors);

/// find_newest and load in one go, for callers that do not look at the manifest in between. Without
/// a checkpoint `tensors` stay as they are.
std::optional<run::CheckpointManifest> restore(const storage::ObjectStore& store,
                                               comm::Communicator& communicator,
                                               std::span<const NamedTensor> tensors,
                                               const Logger& logger);

}  // namespace temper::checkpoint
