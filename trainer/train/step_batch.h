#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/data/sample_pipeline.h"
#include "trainer/comm/communicator.h"
#include "trainer/model/packed_sequences.h"

namespace temper::train {

/// One rank's view of a step: all ranks agree on the dealing, each holds the tokens of its own
/// slots.
struct StepBatch {
  std::int64_t num_slots = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;  ///< slots [begin, end) of each rank
  std::vector<model::PackedSequences> slots;                  ///< of ranges[rank], in order
  // Of the whole step, the same on every rank:
  std::int64_t num_tokens = 0;
  std::int64_t num_trained = 0;
  std::int64_t dropped_tokens = 0;
  std::int64_t truncated_tokens = 0;
};

/// Makes a step's batch from what each rank has prepared of it (any split of the positions):
/// gathers the lengths, deals to slots by the rule of core/data/slots.h, and sends each sequence to
/// the rank that has its slot. Collective.
StepBatch assemble_step(comm::Communicator& communicator,
                        std::span<const data::PreparedSample> prepared, std::int64_t num_slots);

}  // namespace temper::train
