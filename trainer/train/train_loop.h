#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/timeline.h"
#include "core/data/sample_pipeline.h"
#include "core/http/retry.h"
#include "core/recipe/recipe.h"
#include "trainer/checkpoint/checkpoint_writer.h"
#include "trainer/comm/activity.h"
#include "trainer/comm/communicator.h"
#include "trainer/train/device_parameters.h"
#include "trainer/train/evaluation.h"
#include "trainer/train/ordered_sum.h"
#include "trainer/train/progress_log.h"
#include "trainer/train/slot_engine.h"
#include "trainer/train/step_control.h"
#include "trainer/train/training_state.h"
#include "trainer/train/update_share.h"

namespace temper::train {

/// The parts of a run that the loop works with; all outlive it.
struct LoopParts {
  const recipe::Recipe& recipe;
  const model::ParameterLayout& layout;
  const UpdateShare& share;
  comm::Communicator& communicator;
  SlotWorkers& workers;
  SlotEngine& engine;
  data::SamplePipeline& samples;
  Evaluation* evaluation;  ///< nullptr: none
  TrainingState& state;
  checkpoint::CheckpointWriter& checkpoints;
  ProgressLog& progress;
  const http::Counters& store_use;
  const Logger& logger;
  Clock& clock;
  /// Called at the end of a step that began a checkpoint, after its progress was noted; may be
  /// empty.
  std::function<void(const run::ProgressRecord&)> on_checkpoint{};
  Timeline* timeline = nullptr;        ///< where phases of steps are noted; nullptr: nowhere
  comm::Activity* activity = nullptr;  ///< the same, for this rank's heartbeat
};

struct LoopSettings {
  std::int64_t total_steps = 0;
  std::uint64_t end_position = 0;
  std::uint64_t epoch_size = 0;
  std::string attempt;
  std::function<bool()> stop_requested;
  /// After this step, with what it saved committed, wait up to a minute for a stop request or a
  /// SIGKILL, so that `temper verify` can interrupt a run that would be over before it is seen; 0:
  /// never.
  std::int64_t hold_after_step = 0;
};

/// Steps from the state's step to the last. Each step: batch, gradients of the slots, reports,
/// ordered sum, clipped AdamW, checkpoint and evaluation when due, progress. Collective.
class TrainLoop {
 public:
  TrainLoop(LoopParts parts, LoopSettings settings);

  /// Returns after the last step with its state committed as a checkpoint. Throws StopRequested
  /// after committing one at a step boundary, FatalError naming step and slot before any non-finite
  /// update.
  void run();

 private:
  void run_step();
  StepBatch next_batch(run::ProgressRecord& record);
  StepReport compute(const StepBatch& batch);
  /// The sum of all slots' gradients, as much of it as this rank updates from.
  std::span<const float> reduce(const StepBatch& batch);
  void gather_parts(std::span<float> values);
  double update(const StepBatch& batch, std::span<const float> gradient,
                run::ProgressRecord& record);
  void hold_if_due();
  bool checkpoint_if_due();  // true: began one
  void save_and_wait();
  std::optional<double> evaluate();
  void evaluate_at_start();
  void evaluate_at_end();
  bool evaluation_is_due() const;
  void note(const char* phase, bool waits = false) const;  // for the heartbeat
  run::ProgressRecord new_record() const;
  std::uint64_t position() const;
  /// Calls `work` as a phase of the timeline and returns the milliseconds that it took.
  template <class Work>
  double measure(const char* phase, const Work& work, bool waits = false);
  double milliseconds_since(std::chrono::steady_clock::time_point begin) const;

  LoopParts parts_;
  LoopSettings settings_;
  OrderedSum sum_;
  model::FloatBuffer gradient_;  // of several ranks that all update everything
  DeviceParameters on_device_;
  const float* parameters_ = nullptr;  // what slots are computed with: the state's, or their copy
  std::optional<run::ProgressRecord> last_record_;  // of this process
  bool stopping_ = false;
};

}  // namespace temper::train
