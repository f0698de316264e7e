#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/timeline.h"
#include "core/run/checkpoint_manifest.h"
#include "core/storage/object_store.h"
#include "trainer/checkpoint/fingerprints.h"
#include "trainer/checkpoint/named_tensor.h"
#include "trainer/checkpoint/save_status.h"
#include "trainer/comm/communicator.h"

namespace temper::checkpoint {

/// Saves the training state in the background; one object a rank, at most one save in flight.
///
/// All ranks call begin() and apply() at the same step boundaries. In between each rank's own
/// thread writes its share; nobody waits for anybody. The agreed phase moves only in these two
/// calls and only by what all ranks' statuses say, so every rank takes the same decision at the
/// same step:
///
///     idle --begin--> writing --all have receipts--> committing --rank 0 is done--> idle
///                        '------- all ended, one failed ----'---- rank 0 failed ---> idle
///                        (dropped)
///
/// The checkpoint exists from the moment that rank 0 created its manifest. Whatever fails is logged
/// and drops this save only: no exception, training goes on, older checkpoints stay.
///
/// Methods are for the training thread.
class CheckpointWriter {
 public:
  struct Options {
    int rank = 0;
    int num_ranks = 1;
    std::string attempt;    ///< this process' attempt id; part of the folder's name
    std::int64_t keep = 1;  ///< committed checkpoints to leave, the new one included
    Fingerprints fingerprints;
    Timeline* timeline = nullptr;  ///< where writes and commits are noted; nullptr: nowhere
  };

  /// `store` is rooted at the checkpoints folder; it and `clock` must outlive the writer.
  CheckpointWriter(storage::ObjectStore& store, Options options, const Logger& logger,
                   Clock& clock);
  /// Waits for the background thread; a save that is not committed by then is lost.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// No save is in flight. The same on all ranks.
  bool idle() const { return phase_ == SavePhase::kIdle; }

  /// Copies this rank's share of `tensors` (split_by_bytes) and starts to write it. The tensors may
  /// change when it returns. Every rank passes the same names and shapes. CHECKs idle(). A step
  /// that this writer has committed is not saved again.
  void begin(std::int64_t step, std::uint64_t position, std::span<const NamedTensor> tensors);

  /// What this rank has to tell at a step boundary; for all ranks' apply(). Never blocks.
  std::vector<std::byte> status() const;

  /// Takes all ranks' statuses of one step boundary, in rank order, and moves on: commits (rank 0,
  /// in the background), ends or drops the save. Never blocks.
  void apply(const std::vector<std::vector<std::byte>>& statuses);

  /// Waits until nothing is in flight, on all ranks together. True if the last begun save is
  /// committed; true too if none was begun. Throws only what the communicator throws.
  bool finish(comm::Communicator& communicator);

  /// Why the last save that was dropped could not be made; empty if none was. Names every rank that
  /// failed, on all ranks alike.
  const std::string& last_problem() const { return last_problem_; }

  /// Step of the newest checkpoint that this writer committed. The same on all ranks.
  std::optional<std::int64_t> last_committed_step() const { return last_committed_step_; }

 private:
  struct JobResult {
    std::optional<run::CheckpointObject> receipt;
    std::string problem;  // empty: done
  };

  std::string folder() const;
  std::string object_key() const;
  void start(std::function<JobResult()> job);
  JobResult write_share(const std::string& key, const std::string& leftover,
                        std::span<const std::byte> image) const;
  JobResult commit(const run::CheckpointManifest& manifest) const;
  std::string check_stored(const std::string& folder, const run::CheckpointObject& object) const;
  bool is_committed(const run::CheckpointManifest& manifest) const;
  void start_commit(const std::vector<SaveStatus>& statuses);
  void end_committed();
  void drop(const std::vector<SaveStatus>& statuses);

  storage::ObjectStore& store_;
  const Options options_;
  const Logger logger_;
  Clock& clock_;

  SavePhase phase_ = SavePhase::kIdle;
  std::int64_t step_ = 0;
  std::uint64_t position_ = 0;
  std::chrono::steady_clock::time_point began_;
  bool last_save_committed_ = true;
  std::optional<std::int64_t> last_committed_step_;
  std::string last_problem_;
  std::string leftover_key_;  // own object of a dropped save; the next save removes it

  std::shared_future<JobResult> job_;  // last member: its thread ends before the others go
};

}  // namespace temper::checkpoint
