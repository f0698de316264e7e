#include "trainer/train/evaluation.h"

#include <algorithm>

#include "trainer/train/step_control.h"

namespace temper::train {

Evaluation::Evaluation(const data::Dataset& dataset, const text::SampleEncoder& encoder,
                       const recipe::Recipe& recipe, comm::Communicator& communicator)
    : communicator_(communicator), num_slots_(recipe.batch.slots) {
  const auto limit = static_cast<std::uint64_t>(recipe.eval.samples);
  const std::uint64_t num_samples = limit > 0 ? std::min(limit, dataset.size()) : dataset.size();
  const auto batch_samples = static_cast<std::uint64_t>(recipe.batch.samples);
  const auto num_ranks = static_cast<std::uint64_t>(communicator.size());
  for (std::uint64_t begin = 0; begin < num_samples; begin += batch_samples) {
    std::vector<data::PreparedSample>& share = batches_.emplace_back();
    const std::uint64_t end = std::min(begin + batch_samples, num_samples);
    for (std::uint64_t i = begin; i < end; ++i) {
      if (i % num_ranks == static_cast<std::uint64_t>(communicator.rank())) {
        share.push_back(data::prepare_sample(encoder, recipe.data, dataset.read(i)));
        share.back().position = i;
      }
    }
  }
}

std::optional<double> Evaluation::run(SlotEngine& engine, const float* parameters,
                                      const std::function<bool()>& should_stop) {
  double loss_sum = 0;
  std::int64_t num_trained = 0;
  for (const std::vector<data::PreparedSample>& share : batches_) {
    const StepBatch batch = assemble_step(communicator_, share, num_slots_);
    RankReport report;
    report.stop_requested = should_stop();
    report.slots = engine.evaluate(batch, parameters);
    const StepReport all = exchange_reports(communicator_, report);
    if (all.stop_requested) {
      return std::nullopt;
    }
    loss_sum += all.loss_sum();
    num_trained += batch.num_trained;
  }
  return loss_sum / static_cast<double>(std::max<std::int64_t>(num_trained, 1));
}

}  // namespace temper::train
