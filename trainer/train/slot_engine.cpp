#include "trainer/train/slot_engine.h"

#include <cmath>

namespace temper::train {
namespace {

/// x - x is 0 for every finite x; one pass without branches.
bool all_finite(std::span<const float> values) {
  float sum = 0;
  for (const float value : values) {
    sum += value - value;
  }
  return sum == 0;
}

}  // namespace

SlotEngine::SlotEngine(const model::LlamaModel& model, const model::Kernels& kernels,
                       SlotWorkers& workers)
    : model_(model),
      kernels_(kernels),
      workers_(workers),
      workspaces_(static_cast<std::size_t>(workers.size())) {}

std::vector<SlotOutcome> SlotEngine::train(const StepBatch& batch, std::int64_t first_slot,
                                           const float* parameters, std::uint64_t seed,
                                           std::uint64_t step, OrderedSum& sum) {
  std::vector<SlotOutcome> outcomes(batch.slots.size());
  workers_.run(static_cast<std::int64_t>(batch.slots.size()), [&](int worker, std::int64_t item) {
    const auto index = static_cast<std::size_t>(item);
    const std::int64_t slot = first_slot + item;
    model::FloatBuffer gradient = sum.take_buffer();
    const model::LossResult result =
        model_.loss_and_gradient(kernels_, batch.slots[index], parameters, gradient.data(),
                                 {seed, step, static_cast<std::uint64_t>(slot)},
                                 workspaces_[static_cast<std::size_t>(worker)]);
    outcomes[index] = {result.loss_sum,
                       std::isfinite(result.loss_sum) && all_finite(gradient.span())};
    sum.add(slot, std::move(gradient));
  });
  return outcomes;
}

std::vector<SlotOutcome> SlotEngine::evaluate(const StepBatch& batch, const float* parameters) {
  std::vector<SlotOutcome> outcomes(batch.slots.size());
  workers_.run(static_cast<std::int64_t>(batch.slots.size()), [&](int worker, std::int64_t item) {
    const auto index = static_cast<std::size_t>(item);
    const model::LossResult result = model_.loss(kernels_, batch.slots[index], parameters,
                                                 workspaces_[static_cast<std::size_t>(worker)]);
    outcomes[index] = {result.loss_sum, std::isfinite(result.loss_sum)};
  });
  return outcomes;
}

std::vector<float> SlotEngine::logits(const model::PackedSequences& sequences,
                                      const float* parameters) {
  std::vector<float> result;
  workers_.run(1, [&](int worker, std::int64_t) {
    result = model_.logits(kernels_, sequences, parameters,
                           workspaces_[static_cast<std::size_t>(worker)]);
  });
  return result;
}

}  // namespace temper::train
