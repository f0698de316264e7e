#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/storage/object_store.h"
#include "trainer/checkpoint/checkpoint_writer.h"
#include "trainer/comm/communicator.h"

namespace temper::checkpoint {

/// A training state of a few small tensors whose values tell the step.
class TrainingState {
 public:
  TrainingState();
  TrainingState(const TrainingState&) = delete;
  TrainingState& operator=(const TrainingState&) = delete;

  void fill(std::int64_t step);
  std::span<const NamedTensor> tensors() const { return named_; }
  std::vector<NamedTensor>& named() { return named_; }
  const std::vector<std::vector<float>>& values() const { return storage_; }

 private:
  std::vector<std::vector<float>> storage_;
  std::vector<NamedTensor> named_;
};

/// The values of a state filled for `step`.
std::vector<std::vector<float>> values_at(std::int64_t step);

CheckpointWriter::Options options_for(const comm::Communicator& communicator,
                                      const std::string& attempt, std::int64_t keep = 3);

/// Saves the state of `step` on `num_ranks` thread ranks, each with a writer of its own; stream
/// position is 10 x step. True if it was committed; fails the test if ranks disagree.
bool save(storage::ObjectStore& store, int num_ranks, std::int64_t step, const std::string& attempt,
          std::int64_t keep = 3);

/// Restores on `num_ranks` thread ranks and returns the step; -1 if there was nothing. Fails the
/// test if the values are not those of that step, or ranks disagree.
std::int64_t restored_step(const storage::ObjectStore& store, int num_ranks);

/// Replaces one byte in the middle of the object.
void damage(storage::ObjectStore& store, const std::string& key);

std::vector<std::string> keys_in(const storage::ObjectStore& store);

}  // namespace temper::checkpoint
