#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "trainer/comm/communicator.h"
#include "trainer/model/llama.h"
#include "trainer/train/ordered_sum.h"
#include "trainer/train/slot_workers.h"
#include "trainer/train/step_batch.h"
#include "trainer/train/workspace_pool.h"

namespace temper::train {

/// What a slot came to.
struct SlotOutcome {
  double loss_sum = 0;
  bool finite = true;  ///< loss and every element of the gradient
};

/// Runs a rank's slots on its slot workers, each with its own workspace, or one after the other on
/// a device, from which each slot's gradient is copied down; where there is room for a second one
/// (model::num_device_gradients), while the next slot is computed. `parameters` are in the memory
/// of the kernels (device_parameters.h).
class SlotEngine {
 public:
  /// All must outlive the engine.
  SlotEngine(const model::LlamaModel& model, const model::Kernels& kernels, SlotWorkers& workers,
             const model::SlotSettings& settings);

  /// Outcomes of this rank's slots of `batch` (whose first is `first_slot`), in order; gradients go
  /// into `sum`. FatalError naming the slot, its size and what to set where memory runs out: a
  /// restart would come to the same slot again.
  std::vector<SlotOutcome> train(const StepBatch& batch, std::int64_t first_slot,
                                 const float* parameters, std::uint64_t seed, std::uint64_t step,
                                 OrderedSum& sum);

  /// Losses only.
  std::vector<SlotOutcome> evaluate(const StepBatch& batch, const float* parameters);

  /// The loss of packed samples, over those of their tokens that are trained.
  model::LossResult loss(const model::PackedSequences& sequences, const float* parameters);

  /// Logits of one packed sequence; for the adapter's gate.
  std::vector<float> logits(const model::PackedSequences& sequences, const float* parameters);

  /// Of the kernels.
  device::DeviceMemory& memory() const { return kernels_.memory(); }

 private:
  /// A slot's gradient on a device, and its way down.
  struct DeviceGradient {
    model::FloatBuffer buffer;
    std::shared_ptr<device::Download> download;
  };
  DeviceGradient& next_device_gradient(std::size_t size);
  /// The gradient is complete when the download, if there is one, was waited for.
  struct Computed {
    double loss_sum = 0;
    std::shared_ptr<device::Download> download;
  };
  Computed train_slot(const model::PackedSequences& slot, const float* parameters,
                      const model::SlotKey& key, model::SlotWorkspace& workspace,
                      std::span<float> gradient);

  const model::LlamaModel& model_;
  const model::Kernels& kernels_;
  SlotWorkers& workers_;
  Timeline* timeline_;  // may be nullptr
  const recipe::Memory memory_policy_;
  /// One a worker; on a device one, so that one slot is computed at a time, and meanwhile the other
  /// workers take in the gradients that came down.
  WorkspacePool workspaces_;
  // Of a device; whoever has its workspace has these.
  std::vector<DeviceGradient> device_gradients_;  // taken in turn
  std::size_t num_device_slots_ = 0;              // that were computed
};

}  // namespace temper::train
