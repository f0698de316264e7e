#include "trainer/train/slot_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <exception>
#include <numeric>

#include "core/base/error.h"
#include "core/model/gpu_sizing.h"
#include "trainer/model/vector_math.h"

namespace temper::train {
namespace {

/// An order to compute the slots in that lets the workers end close together: in turn two a worker,
/// those with most tokens first. It does not show in the result, as OrderedSum has an order of its
/// own; but what comes early is kept until its turn, so it must stay near that order.
std::vector<std::size_t> computing_order(const StepBatch& batch, int num_workers) {
  std::vector<std::size_t> order(batch.slots.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t window = 2 * static_cast<std::size_t>(num_workers);
  for (std::size_t begin = 0; begin < order.size(); begin += window) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last =
        order.begin() + static_cast<std::ptrdiff_t>(std::min(begin + window, order.size()));
    std::stable_sort(first, last, [&](std::size_t a, std::size_t b) {
      return batch.slots[a].num_tokens() > batch.slots[b].num_tokens();
    });
  }
  return order;
}

struct SlotName {
  std::uint64_t step = 0;
  std::int64_t slot = 0;
  std::int64_t num_slots = 0;
};

std::string lack_of_memory(const SlotName& name, const model::PackedSequences& sequences,
                           int num_workers, recipe::Memory memory, const std::exception& error) {
  const std::string kept = memory == recipe::Memory::kLow ? "" : "`memory: low`, ";
  const std::string workers =
      num_workers == 1 ? "" : fmt::format("fewer slot workers (now {}), ", num_workers);
  return fmt::format(
      "step {}: no memory left for slot {} of {}, which has {} tokens in {} samples ({}); set "
      "{}{}more batch.slots, or a smaller data.max_length",
      name.step, name.slot, name.num_slots, sequences.num_tokens(), sequences.offsets.size() - 1,
      error.what(), kept, workers);
}

/// In integers, because a reduction of floats is one long chain that does not vectorise.
TEMPER_VECTORISED bool all_finite(const float* values, std::size_t size) {
  constexpr std::uint32_t kMagnitude = 0x7FFFFFFF;
  constexpr std::uint32_t kInfinity = 0x7F800000;
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    largest = std::max(largest, std::bit_cast<std::uint32_t>(values[i]) & kMagnitude);
  }
  return largest < kInfinity;
}

}  // namespace

SlotEngine::SlotEngine(const model::LlamaModel& model, const model::Kernels& kernels,
                       SlotWorkers& workers, const model::SlotSettings& settings)
    : model_(model),
      kernels_(kernels),
      workers_(workers),
      timeline_(settings.timeline),
      memory_policy_(settings.memory),
      workspaces_(memory().is_host() ? static_cast<std::size_t>(workers.size()) : 1, settings) {}

SlotEngine::DeviceGradient& SlotEngine::next_device_gradient(std::size_t size) {
  if (device_gradients_.empty()) {
    device_gradients_.resize(model::num_device_gradients(size));
  }
  DeviceGradient& next = device_gradients_[num_device_slots_++ % device_gradients_.size()];
  if (next.download) {
    next.download->wait();
  } else {
    next.buffer = model::FloatBuffer::zeros(size, memory());
  }
  return next;
}

SlotEngine::Computed SlotEngine::train_slot(const model::PackedSequences& slot,
                                            const float* parameters, const model::SlotKey& key,
                                            model::SlotWorkspace& workspace,
                                            std::span<float> gradient) {
  const auto compute = [&](float* place) {
    return model_.loss_and_gradient(kernels_, slot, parameters, place, key, workspace).loss_sum;
  };
  if (memory().is_host()) {
    return {compute(gradient.data()), nullptr};
  }
  DeviceGradient& there = next_device_gradient(gradient.size());
  const double loss_sum = compute(there.buffer.data());
  there.download =
      memory().start_download(there.buffer.data(), gradient.data(), gradient.size_bytes());
  return {loss_sum, there.download};
}

std::vector<SlotOutcome> SlotEngine::train(const StepBatch& batch, std::int64_t first_slot,
                                           const float* parameters, std::uint64_t seed,
                                           std::uint64_t step, OrderedSum& sum) {
  std::vector<SlotOutcome> outcomes(batch.slots.size());
  const std::vector<std::size_t> order =
      computing_order(batch, static_cast<int>(workspaces_.size()));
  workers_.run(static_cast<std::int64_t>(order.size()), [&](int, std::int64_t item) {
    const std::size_t index = order[static_cast<std::size_t>(item)];
    const std::int64_t slot = first_slot + static_cast<std::int64_t>(index);
    try {
      model::FloatBuffer gradient;
      Computed computed;
      {
        const WorkspacePool::Turn turn = workspaces_.take();
        const TimelineSpan span(timeline_, "slot", {"slot", slot},
                                {"tokens", batch.slots[index].num_tokens()});
        gradient = sum.take_buffer();
        computed = train_slot(batch.slots[index], parameters,
                              {seed, step, static_cast<std::uint64_t>(slot)}, turn.workspace(),
                              gradient.span());
      }
      if (computed.download) {
        computed.download->wait();
      }
      outcomes[index].loss_sum = computed.loss_sum;
      outcomes[index].finite =
          std::isfinite(outcomes[index].loss_sum) && all_finite(gradient.data(), gradient.size());
      sum.add(slot, std::move(gradient));
    } catch (const std::exception& error) {
      if (!model::is_out_of_memory(error)) {
        throw;
      }
      const SlotName name{step, slot, batch.num_slots};
      throw FatalError(lack_of_memory(name, batch.slots[index],
                                      static_cast<int>(workspaces_.size()), memory_policy_, error));
    }
  });
  return outcomes;
}

std::vector<SlotOutcome> SlotEngine::evaluate(const StepBatch& batch, const float* parameters) {
  std::vector<SlotOutcome> outcomes(batch.slots.size());
  const std::vector<std::size_t> order =
      computing_order(batch, static_cast<int>(workspaces_.size()));
  workers_.run(static_cast<std::int64_t>(order.size()), [&](int, std::int64_t item) {
    const std::size_t index = order[static_cast<std::size_t>(item)];
    const WorkspacePool::Turn turn = workspaces_.take();
    const TimelineSpan span(timeline_, "evaluate slot",
                            {"tokens", batch.slots[index].num_tokens()});
    const model::LossResult result =
        model_.loss(kernels_, batch.slots[index], parameters, turn.workspace());
    outcomes[index] = {result.loss_sum, std::isfinite(result.loss_sum)};
  });
  return outcomes;
}

model::LossResult SlotEngine::loss(const model::PackedSequences& sequences,
                                   const float* parameters) {
  model::LossResult result;
  workers_.run(1, [&](int, std::int64_t) {
    result = model_.loss(kernels_, sequences, parameters, workspaces_.take().workspace());
  });
  return result;
}

std::vector<float> SlotEngine::logits(const model::PackedSequences& sequences,
                                      const float* parameters) {
  std::vector<float> result;
  workers_.run(1, [&](int, std::int64_t) {
    result = model_.logits(kernels_, sequences, parameters, workspaces_.take().workspace());
  });
  return result;
}

}  // namespace temper::train
