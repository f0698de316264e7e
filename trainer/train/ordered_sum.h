#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "trainer/comm/communicator.h"
#include "trainer/model/float_buffer.h"
#include "trainer/train/sum_tree.h"

namespace temper::train {

/// Sums the gradients of a step's slots along the fixed tree (sum_tree.h), so that the result has
/// the same bits whoever computed which slot, in whatever order they finished, on however many
/// ranks. Holds O(log slots + slot workers) buffers: a pair is summed as soon as both halves are
/// there.
class OrderedSum {
 public:
  using SlotRange = std::pair<std::int64_t, std::int64_t>;

  /// `size`: floats of a gradient. Buffers are kept from step to step. They are in `memory`, of
  /// this process: that which downloads of the gradients are fastest into.
  explicit OrderedSum(std::size_t size, device::DeviceMemory& memory = device::host_memory())
      : size_(size), memory_(memory) {}

  /// Starts a step in which this rank computes slots [range.first, range.second) of `num_slots`.
  void begin(std::int64_t num_slots, SlotRange range);

  /// A buffer for one slot's gradient: zeros where no slot has written yet, as in the layout's
  /// gaps. Thread-safe.
  model::FloatBuffer take_buffer();

  /// Hands in a slot's gradient. Thread-safe.
  void add(std::int64_t slot, model::FloatBuffer gradient);

  /// Finishes the tree over all ranks' slots, each rank one part of the gradient: parts travel
  /// all-to-all. Rank r's is floats [offsets[r], offsets[r + 1]), from 0 to the gradient's size.
  /// Returns this rank's, valid until the next begin().
  std::span<float> finish(comm::Communicator& communicator, const std::vector<SlotRange>& ranges,
                          std::span<const std::size_t> offsets);

  /// Buffers of a gradient's size that were ever needed at once. Thread-safe.
  std::size_t num_buffers() const;

 private:
  using NodeBuffers = std::map<std::pair<std::int64_t, std::int64_t>, model::FloatBuffer>;

  void recycle(model::FloatBuffer buffer);
  /// The index-th place of this step for what a peer sends.
  std::span<float> received(std::size_t index, std::size_t size);

  std::size_t size_;
  device::DeviceMemory& memory_;
  std::int64_t num_slots_ = 0;
  SlotRange range_;
  mutable std::mutex mutex_;
  std::size_t num_buffers_ = 0;             // guarded by mutex_
  NodeBuffers ready_;                       // guarded by mutex_
  std::vector<model::FloatBuffer> unused_;  // guarded by mutex_
  std::vector<model::FloatBuffer> received_;
};

}  // namespace temper::train
