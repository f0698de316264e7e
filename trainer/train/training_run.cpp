// The composition root: every part of a run is made here, in the order of its needs, and nowhere
// else.

#include "trainer/train/training_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/base/durable_file.h"
#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/timeline.h"
#include "core/data/dataset.h"
#include "core/data/position_order.h"
#include "core/data/sample_pipeline.h"
#include "core/data/training_extent.h"
#include "core/hub/hub_store.h"
#include "core/hub/local_model.h"
#include "core/model/base_model.h"
#include "core/model/parameters.h"
#include "core/model/recipe_base.h"
#include "core/recipe/recipe_io.h"
#include "core/run/bucket_run.h"
#include "core/run/run_layout.h"
#include "core/storage/open_store.h"
#include "core/text/sample_encoder.h"
#include "trainer/checkpoint/checkpoint_writer.h"
#include "trainer/checkpoint/fingerprints.h"
#include "trainer/checkpoint/restore.h"
#include "trainer/model/initialize.h"
#include "trainer/model/llama.h"
#include "trainer/train/evaluation.h"
#include "trainer/train/export_result.h"
#include "trainer/train/progress_log.h"
#include "trainer/train/startup_phases.h"
#include "trainer/train/train_loop.h"

namespace temper::train {
namespace {

/// One rank's parts. Members are made in order; each may use those above it.
class TrainingRun {
 public:
  TrainingRun(const RunOptions& options, comm::Communicator& communicator, const Logger& logger,
              Clock& clock, comm::Activity& activity, std::function<bool()> stop_requested)
      : options_(options),
        communicator_(communicator),
        logger_(logger),
        clock_(clock),
        activity_(activity),
        stop_requested_(std::move(stop_requested)),
        began_(clock.steady_now()),
        layout_{options.run_directory},
        timeline_(open_timeline()),
        phases_(clock, activity, timeline_.get()),
        recipe_(recipe::read_recipe(layout_.resolved())),
        workers_(options.slot_workers, timeline_.get()),
        kernels_(phases_.timed(
            "device", [&] { return options.open_kernels(recipe_.model.dtype, workers_); })),
        base_path_(phases_.timed("base model", [&] { return local_base(); })),
        base_(
            phases_.timed("weights", [&] { return model::open_recipe_base(recipe_, base_path_); })),
        text_(phases_.timed(
            "tokenizer",
            [&] { return text::load_model_text(base_path_, recipe_.model.chat_template); })),
        encoder_(text_, recipe_.data.train_on),
        dataset_(phases_.timed("data",
                               [&] { return data::Dataset(recipe_.data.train, data_access()); })),
        order_(data::make_order(dataset_, static_cast<std::uint64_t>(recipe_.seed))),
        extent_(data::training_extent(recipe_, dataset_.size())),
        checkpoints_(open_checkpoints()),
        resumed_(phases_.timed("checkpoints", [&] { return find_checkpoint(); })),
        samples_(dataset_, *order_, encoder_, recipe_.data, pipeline_options()),
        targets_(lora_targets()),
        model_(phases_.timed("model", [&] { return build_model(); })),
        engine_(*model_, *kernels_, workers_, slot_settings()),
        share_(update_share()),
        state_(model_->layout(), recipe_.optimizer, share_, kernels_->memory().staging()) {
    phases_.timed("parameters", [&] { fill_state(); });
    base_->release_pages();
  }

  void run() {
    std::optional<data::Dataset> eval_set;
    std::optional<Evaluation> evaluation;
    if (!recipe_.data.eval.empty()) {
      phases_.timed("held-out samples", [&] {
        eval_set.emplace(recipe_.data.eval, data_access());
        evaluation.emplace(*eval_set, encoder_, recipe_, communicator_);
      });
    }
    checkpoint::CheckpointWriter writer(
        *checkpoints_,
        {communicator_.rank(), communicator_.size(), options_.attempt, recipe_.checkpoint.keep,
         fingerprints(), timeline_.get()},
        logger_, clock_);
    ProgressLog progress = is_first() ? ProgressLog(layout_.progress()) : ProgressLog();
    log_start();
    TrainLoop loop({recipe_, model_->layout(), share_, communicator_, workers_, engine_, samples_,
                    evaluation ? &*evaluation : nullptr, state_, writer, progress, *store_counters_,
                    logger_, clock_, checkpoint_export(), timeline_.get(), &activity_},
                   {static_cast<std::int64_t>(extent_.total_steps), extent_.end_position,
                    dataset_.size(), options_.attempt, stop_requested_, options_.hold_after_step});
    loop.run();
    activity_.enter(is_first() ? "write the result" : "wait for the result");
    if (is_first()) {
      export_result(export_parts());
    }
    communicator_.barrier();
    log_store_use();
  }

 private:
  ExportParts export_parts() {
    return {recipe_,  layout_,   *base_,   *model_, targets_, dataset_,
            encoder_, *kernels_, workers_, engine_, state_,   logger_};
  }

  /// What rank 0 does for publish.when: the best need an evaluation at their step.
  std::function<void(const run::ProgressRecord&)> checkpoint_export() {
    using recipe::PublishWhen;
    if (!is_first() || recipe_.publish.hub.empty() || recipe_.publish.when == PublishWhen::kEnd) {
      return {};
    }
    return [this](const run::ProgressRecord& record) {
      if (recipe_.publish.when == PublishWhen::kCheckpoint || record.eval_loss) {
        export_checkpoint(export_parts());
      }
    };
  }

  bool is_first() const { return communicator_.rank() == 0; }

  std::unique_ptr<Timeline> open_timeline() const {
    if (!options_.trace) {
      return nullptr;
    }
    create_directories_durably(layout_.traces());
    auto timeline =
        std::make_unique<Timeline>(layout_.rank_trace(communicator_.rank()), communicator_.rank(),
                                   fmt::format("rank {}", communicator_.rank()), clock_);
    timeline->name_this_thread("steps");
    return timeline;
  }

  model::SlotSettings slot_settings() const {
    return {.memory = recipe_.memory,
            .loss_terms = {.label_smoothing = static_cast<float>(recipe_.loss.label_smoothing),
                           .z_loss = static_cast<float>(recipe_.loss.z_loss)},
            .timeline = timeline_.get()};
  }

  storage::OpenOptions store_options() const {
    storage::OpenOptions options;
    options.logger = logger_;
    options.counters = store_counters_;
    return options;
  }

  std::unique_ptr<storage::ObjectStore> open_checkpoints() {
    return storage::open_store(run::checkpoints_location(layout_, recipe_.checkpoint.to),
                               store_options(), clock_);
  }

  /// The base model, copied from its bucket or the Hub by one of this machine's ranks if it is in
  /// one.
  std::filesystem::path local_base() {
    const bool is_random = recipe_.model.init == recipe::Init::kRandom;
    return hub::local_model(recipe_.model.base,
                            is_random ? hub::ModelParts::kConfig : hub::ModelParts::kAll,
                            cache_directory(), store_options(), clock_);
  }

  static std::filesystem::path cache_directory() {
    return Environment::from_process().cache_directory();
  }

  data::DataAccess data_access() const {
    const Environment environment = Environment::from_process();
    data::DataAccess access;
    access.cache_dir = environment.cache_directory();
    access.cache_bytes = environment.cache_bytes();
    access.clock = &clock_;
    access.open_store = [this](const std::string& location) {
      return hub::open_any_store(location, store_options(), clock_);
    };
    return access;
  }

  checkpoint::Fingerprints fingerprints() const {
    return {recipe::result_fingerprint(recipe_), dataset_.fingerprint(), base_->fingerprint(),
            kernels_->memory().kind()};
  }

  std::optional<run::CheckpointManifest> find_checkpoint() {
    auto manifest = checkpoint::find_newest(*checkpoints_, communicator_, logger_);
    if (manifest) {
      for (const std::string& change :
           checkpoint::check_fingerprints(*manifest, fingerprints(), options_.allowed_changes)) {
        logger_.warning("resuming although the {} changed since the checkpoint", change);
      }
    }
    return manifest;
  }

  data::SamplePipeline::Options pipeline_options() const {
    data::SamplePipeline::Options options;
    options.first_step = resumed_ ? static_cast<std::uint64_t>(resumed_->step) : 0;
    options.end_step = static_cast<std::uint64_t>(extent_.total_steps);
    options.batch_samples = static_cast<std::uint64_t>(recipe_.batch.samples);
    options.end_position = extent_.end_position;
    options.rank = communicator_.rank();
    options.num_ranks = communicator_.size();
    options.timeline = timeline_.get();
    return options;
  }

  std::vector<model::LoraTarget> lora_targets() const {
    return recipe_.adapter.type == recipe::AdapterType::kLora
               ? model::resolve_lora_targets(base_->config(), recipe_.adapter)
               : std::vector<model::LoraTarget>{};
  }

  std::unique_ptr<model::LlamaModel> build_model() const {
    return recipe_.adapter.type == recipe::AdapterType::kLora
               ? model::LlamaModel::with_lora(
                     *base_, targets_, recipe_.adapter.dropout, recipe_.data.max_length,
                     model::resolve_saved_parameters(base_->config(), recipe_.adapter),
                     kernels_->placement())
               : model::LlamaModel::fully_trained(base_->config(), recipe_.data.max_length,
                                                  kernels_->placement());
  }

  /// All weights' moments are worth sharing; an adapter's are small.
  UpdateShare update_share() const {
    const bool split =
        recipe_.adapter.type == recipe::AdapterType::kNone && communicator_.size() > 1;
    return split ? UpdateShare::split(model_->layout(), communicator_.rank(), communicator_.size())
                 : UpdateShare::whole(model_->layout(), communicator_.rank(), communicator_.size());
  }

  void fill_state() {
    const auto seed = static_cast<std::uint64_t>(recipe_.seed);
    const std::span<float> parameters = state_.parameters.span();
    if (resumed_) {
      state_.step = resumed_->step;
      checkpoint::load(*checkpoints_, communicator_, *resumed_, state_.tensors(model_->layout()));
    } else if (recipe_.adapter.type == recipe::AdapterType::kLora) {
      model::initialize_lora(model_->layout(), seed, parameters);
      model::load_saved_modules(model_->layout(), *base_, parameters);
    } else if (recipe_.model.init == recipe::Init::kRandom) {
      model::initialize_randomly(model_->layout(), base_->config(), seed, parameters);
    } else {
      model::load_pretrained(model_->layout(), *base_, parameters);
    }
  }

  void log_start() const {
    const std::chrono::duration<double> took = clock_.steady_now() - began_;
    logger_.info(
        "ready after {:.2f} s ({}): {} trained of {} parameters, {} samples, {} steps of {} "
        "samples in "
        "{} "
        "slots, {} ranks x {} slot workers ({})",
        took.count(), phases_.text(), model_->layout().num_parameters(), count_parameters(),
        dataset_.size(), extent_.total_steps, recipe_.batch.samples, recipe_.batch.slots,
        communicator_.size(), workers_.size(), communicator_.name());
    if (resumed_) {
      logger_.info("resumed at step {} from a checkpoint of {} ranks", resumed_->step,
                   resumed_->num_ranks);
    }
  }

  /// Nothing if no bucket was used.
  void log_store_use() const {
    if (store_counters_->requests > 0) {
      logger_.info("buckets: {} requests, {} retries, {} given up, {} bytes sent, {} received",
                   store_counters_->requests.load(), store_counters_->retries.load(),
                   store_counters_->failures.load(), store_counters_->bytes_sent.load(),
                   store_counters_->bytes_received.load());
    }
  }

  std::int64_t count_parameters() const {
    std::int64_t total = 0;
    for (const model::Parameter& parameter : model::list_parameters(base_->config())) {
      total += parameter.num_elements();
    }
    return total;
  }

  const RunOptions& options_;
  comm::Communicator& communicator_;
  const Logger& logger_;
  Clock& clock_;
  comm::Activity& activity_;
  std::function<bool()> stop_requested_;
  std::chrono::steady_clock::time_point began_;
  std::shared_ptr<http::Counters> store_counters_ = std::make_shared<http::Counters>();
  run::RunLayout layout_;
  std::unique_ptr<Timeline> timeline_;  // nullptr: not asked for
  StartupPhases phases_;
  recipe::Recipe recipe_;
  SlotWorkers workers_;
  std::unique_ptr<model::Kernels> kernels_;
  std::filesystem::path base_path_;
  std::unique_ptr<model::BaseModel> base_;
  text::ModelText text_;
  text::SampleEncoder encoder_;
  data::Dataset dataset_;
  std::unique_ptr<data::PositionOrder> order_;
  data::TrainingExtent extent_;
  std::unique_ptr<storage::ObjectStore> checkpoints_;
  std::optional<run::CheckpointManifest> resumed_;
  data::SamplePipeline samples_;
  std::vector<model::LoraTarget> targets_;
  std::unique_ptr<model::LlamaModel> model_;
  SlotEngine engine_;
  UpdateShare share_;
  TrainingState state_;
};

}  // namespace

void run_training(const RunOptions& options, comm::Communicator& communicator, const Logger& logger,
                  Clock& clock, comm::Activity& activity,
                  const std::function<bool()>& stop_requested) {
  try {
    TrainingRun(options, communicator, logger, clock, activity, stop_requested).run();
  } catch (const std::exception& error) {
    if (!model::is_out_of_memory(error)) {
      throw;
    }
    throw FatalError(
        fmt::format("no memory left for the model and what is trained of it ({}); `temper plan`, "
                    "with --gpus for GPUs, tells how much there must be",
                    error.what()));
  }
}

}  // namespace temper::train
