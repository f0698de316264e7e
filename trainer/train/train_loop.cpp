#include "trainer/train/train_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "trainer/train/memory_usage.h"
#include "trainer/train/schedule.h"

namespace temper::train {
namespace {

constexpr bool kWaits = true;  // a phase in which a rank waits for the slowest

}  // namespace

TrainLoop::TrainLoop(LoopParts parts, LoopSettings settings)
    : parts_(parts),
      settings_(std::move(settings)),
      sum_(parts.layout.size(), parts.engine.memory().staging()),
      on_device_(parts.engine.memory()) {}

void TrainLoop::run() {
  parameters_ = on_device_.refresh(parts_.state.parameters.span());
  if (parts_.state.step == 0) {
    evaluate_at_start();
  }
  while (parts_.state.step < settings_.total_steps) {
    if (stopping_) {
      save_and_wait();
      throw StopRequested(
          fmt::format("stopped after step {} of {}; its state is saved, resume to go on",
                      parts_.state.step, settings_.total_steps));
    }
    run_step();
    hold_if_due();
  }
  save_and_wait();
  evaluate_at_end();
}

void TrainLoop::run_step() {
  const auto begin = parts_.clock.steady_now();
  if (parts_.activity != nullptr) {
    parts_.activity->begin_step(parts_.state.step + 1);
  }
  const TimelineSpan span(parts_.timeline, "step", {"step", parts_.state.step + 1});
  run::ProgressRecord record = new_record();
  const StepBatch batch = next_batch(record);

  StepReport report;
  record.compute_milliseconds = measure("compute", [&] { report = compute(batch); });
  stopping_ |= report.stop_requested;
  if (const std::int64_t slot = report.first_non_finite_slot(); slot >= 0) {
    throw FatalError(fmt::format(
        "step {}: the loss or gradient of slot {} is not finite (loss sum {}); nothing was "
        "updated. Lower "
        "optimizer.lr, or look at the samples of this step",
        parts_.state.step, slot, report.slots[static_cast<std::size_t>(slot)].loss_sum));
  }

  std::span<const float> gradient;
  record.reduce_milliseconds = measure(
      "reduce", [&] { gradient = reduce(batch); }, kWaits);
  record.optimizer_milliseconds =
      measure("optimizer", [&] { record.gradient_norm = update(batch, gradient, record); });
  bool saved = false;
  record.checkpoint_milliseconds = measure("checkpoint", [&] {
    parts_.checkpoints.apply(report.checkpoint_statuses);
    saved = checkpoint_if_due();
  });

  record.step = parts_.state.step;
  record.position = position();
  record.epoch = static_cast<double>(record.position) / static_cast<double>(settings_.epoch_size);
  record.loss = batch.num_trained > 0
                    ? std::optional(report.loss_sum() / static_cast<double>(batch.num_trained))
                    : std::nullopt;
  record.tokens = batch.num_tokens;
  record.trained_tokens = batch.num_trained;
  record.memory_bytes = report.memory_bytes;
  record.store_requests = report.store_requests;
  record.store_retries = report.store_retries;
  record.step_milliseconds = milliseconds_since(begin);
  record.tokens_per_second =
      1000 * static_cast<double>(batch.num_tokens) / record.step_milliseconds;
  if (evaluation_is_due()) {
    record.eval_loss = evaluate();
  }
  record.time = format_rfc3339(parts_.clock.now());
  if (!parts_.progress.append(record)) {
    parts_.logger.warning("step {}: progress.jsonl could not be written; is the disk full?",
                          record.step);
  }
  if (saved && parts_.on_checkpoint) {
    note("export checkpoint");
    const TimelineSpan export_span(parts_.timeline, "export checkpoint");
    parts_.on_checkpoint(record);
  }
  last_record_ = std::move(record);
  if (parts_.timeline != nullptr) {
    parts_.timeline->flush();
  }
}

StepBatch TrainLoop::next_batch(run::ProgressRecord& record) {
  std::vector<data::PreparedSample> prepared;
  record.data_wait_milliseconds = measure("wait for samples", [&] {
    prepared = parts_.samples.take(static_cast<std::uint64_t>(parts_.state.step));
  });
  note("deal samples", kWaits);
  const TimelineSpan span(parts_.timeline, "deal samples");
  return assemble_step(parts_.communicator, prepared, parts_.recipe.batch.slots);
}

StepReport TrainLoop::compute(const StepBatch& batch) {
  const auto range = batch.ranges[static_cast<std::size_t>(parts_.communicator.rank())];
  sum_.begin(batch.num_slots, range);
  RankReport mine;
  mine.slots = parts_.engine.train(batch, range.first, parameters_,
                                   static_cast<std::uint64_t>(parts_.recipe.seed),
                                   static_cast<std::uint64_t>(parts_.state.step), sum_);
  mine.stop_requested = settings_.stop_requested();
  mine.memory_bytes = peak_memory_bytes(parts_.engine.memory());
  mine.store_requests = parts_.store_use.requests;
  mine.store_retries = parts_.store_use.retries;
  mine.checkpoint_status = parts_.checkpoints.status();
  note("exchange reports", kWaits);
  return exchange_reports(parts_.communicator, mine);
}

/// Where each rank updates its own part, that part of the sum is all it needs; else all of it.
std::span<const float> TrainLoop::reduce(const StepBatch& batch) {
  const UpdateShare& share = parts_.share;
  const std::span<const float> part =
      sum_.finish(parts_.communicator, batch.ranges, share.offsets());
  if (share.is_split() || parts_.communicator.size() == 1) {
    return part;
  }
  gradient_.reserve(device::host_memory(), share.size());
  const std::size_t begin = share.offsets()[static_cast<std::size_t>(parts_.communicator.rank())];
  std::copy(part.begin(), part.end(), gradient_.data() + begin);
  const std::span<float> whole = gradient_.span().first(share.size());
  gather_parts(whole);
  return whole;
}

/// Every rank gets the parts of `values` that the others finished.
void TrainLoop::gather_parts(std::span<float> values) {
  std::vector<std::size_t> byte_offsets;
  for (const std::size_t offset : parts_.share.offsets()) {
    byte_offsets.push_back(offset * sizeof(float));
  }
  parts_.communicator.all_gather_into(std::as_writable_bytes(values), byte_offsets);
}

double TrainLoop::update(const StepBatch& batch, std::span<const float> gradient,
                         run::ProgressRecord& record) {
  const recipe::Optimizer& options = parts_.recipe.optimizer;
  const double per_token = 1.0 / static_cast<double>(std::max<std::int64_t>(batch.num_trained, 1));
  AdamW& optimizer = parts_.state.optimizer;
  const double norm =
      optimizer.gradient_norm(gradient, per_token, parts_.workers, parts_.communicator);
  if (!std::isfinite(norm)) {
    throw FatalError(
        fmt::format("step {}: the sum of the slots' gradients is not finite; nothing was updated",
                    parts_.state.step));
  }
  record.learning_rate =
      learning_rate(parts_.recipe.schedule, options.lr, parts_.state.step, settings_.total_steps);
  const UpdateShare& share = parts_.share;
  const std::span<float> parameters = parts_.state.parameters.span();
  optimizer.step(parameters.subspan(share.begin(), share.size()), gradient,
                 per_token * clipping_factor(norm, options.max_grad_norm), record.learning_rate,
                 parts_.state.step + 1, parts_.workers);
  if (share.is_split()) {
    gather_parts(parameters);
  }
  parameters_ = on_device_.refresh(parameters);
  ++parts_.state.step;
  return norm;
}

void TrainLoop::hold_if_due() {
  if (parts_.state.step != settings_.hold_after_step) {
    return;
  }
  note("hold");
  parts_.checkpoints.finish(parts_.communicator);
  constexpr std::chrono::milliseconds kPoll{10};
  constexpr std::chrono::seconds kMost{60};  // should the launcher have died
  const auto begin = parts_.clock.steady_now();
  while (!settings_.stop_requested() && parts_.clock.steady_now() - begin < kMost) {
    parts_.clock.sleep_for(kPoll);
  }
}

bool TrainLoop::checkpoint_if_due() {
  const std::int64_t every = parts_.recipe.checkpoint.every;
  const bool due =
      every > 0 && parts_.state.step % every == 0 && parts_.state.step < settings_.total_steps;
  if (!due || stopping_) {
    return false;
  }
  parts_.checkpoints.finish(parts_.communicator);  // at most one in flight
  parts_.checkpoints.begin(parts_.state.step, position(), parts_.state.tensors(parts_.layout));
  return true;
}

void TrainLoop::save_and_wait() {
  note("save");
  parts_.checkpoints.finish(parts_.communicator);
  if (parts_.checkpoints.last_committed_step() != parts_.state.step) {
    parts_.checkpoints.begin(parts_.state.step, position(), parts_.state.tensors(parts_.layout));
  }
  if (!parts_.checkpoints.finish(parts_.communicator)) {
    throw RetryableError(
        fmt::format("step {}: the checkpoint could not be saved: {}; mend that, then resume",
                    parts_.state.step, parts_.checkpoints.last_problem()));
  }
}

void TrainLoop::evaluate_at_start() {
  if (parts_.evaluation == nullptr) {
    return;
  }
  run::ProgressRecord record = new_record();
  record.eval_loss = evaluate();
  record.memory_bytes = peak_memory_bytes(parts_.engine.memory());
  record.time = format_rfc3339(parts_.clock.now());
  parts_.progress.append(record);
}

void TrainLoop::evaluate_at_end() {
  if (parts_.evaluation == nullptr) {
    return;
  }
  const std::optional<double> loss = stopping_ ? std::nullopt : evaluate();
  if (!loss) {
    throw StopRequested(
        "stopped after the last step; its state is saved, resume for the evaluation and the "
        "result");
  }
  run::ProgressRecord record = last_record_.value_or(new_record());
  record.step = parts_.state.step;
  record.position = position();
  record.epoch = static_cast<double>(record.position) / static_cast<double>(settings_.epoch_size);
  record.eval_loss = loss;
  record.time = format_rfc3339(parts_.clock.now());
  parts_.progress.append(record);
}

bool TrainLoop::evaluation_is_due() const {
  const std::int64_t every = parts_.recipe.eval.every;
  const std::int64_t step = parts_.state.step;
  return parts_.evaluation != nullptr && !stopping_ && step < settings_.total_steps && every > 0 &&
         step % every == 0;
}

std::optional<double> TrainLoop::evaluate() {
  note("evaluate");
  const TimelineSpan span(parts_.timeline, "evaluate");
  const std::optional<double> loss =
      parts_.evaluation->run(parts_.engine, parameters_, settings_.stop_requested);
  stopping_ |= !loss.has_value();
  return loss;
}

void TrainLoop::note(const char* phase, bool waits) const {
  if (parts_.activity != nullptr) {
    parts_.activity->enter(phase, waits);
  }
}

run::ProgressRecord TrainLoop::new_record() const {
  run::ProgressRecord record;
  record.attempt = settings_.attempt;
  record.total_steps = settings_.total_steps;
  return record;
}

std::uint64_t TrainLoop::position() const {
  const auto after = static_cast<std::uint64_t>(parts_.state.step * parts_.recipe.batch.samples);
  return std::min(after, settings_.end_position);
}

template <class Work>
double TrainLoop::measure(const char* phase, const Work& work, bool waits) {
  const auto begin = parts_.clock.steady_now();
  note(phase, waits);
  const TimelineSpan span(parts_.timeline, phase);
  work();
  return milliseconds_since(begin);
}

double TrainLoop::milliseconds_since(std::chrono::steady_clock::time_point begin) const {
  return std::chrono::duration<double, std::milli>(parts_.clock.steady_now() - begin).count();
}

}  // namespace temper::train
