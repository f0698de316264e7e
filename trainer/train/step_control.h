#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trainer/comm/communicator.h"
#include "trainer/train/slot_engine.h"

namespace temper::train {

/// What each rank tells all others once a step, in one small all-gather.
struct RankReport {
  bool stop_requested = false;
  std::uint64_t memory_bytes = 0;
  std::uint64_t store_requests = 0;          ///< so far
  std::uint64_t store_retries = 0;           ///< so far
  std::vector<SlotOutcome> slots;            ///< this rank's, in order
  std::vector<std::byte> checkpoint_status;  ///< CheckpointWriter::status()
};

/// The same on every rank.
struct StepReport {
  bool stop_requested = false;                              ///< by any rank
  std::uint64_t memory_bytes = 0;                           ///< of the largest rank
  std::uint64_t store_requests = 0;                         ///< of all ranks so far
  std::uint64_t store_retries = 0;                          ///< of all ranks so far
  std::vector<SlotOutcome> slots;                           ///< of the whole step, by slot
  std::vector<std::vector<std::byte>> checkpoint_statuses;  ///< by rank

  /// Summed in the order of slots.
  double loss_sum() const;
  /// The first slot with a non-finite loss or gradient, or −1.
  std::int64_t first_non_finite_slot() const;
};

StepReport exchange_reports(comm::Communicator& communicator, const RankReport& report);

}  // namespace temper::train
