#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace temper::launch {

/// The base model and what is trained of it.
struct PlannedModel {
  std::string path;
  std::string architecture;
  std::int64_t total_parameters = 0;  ///< with the adapter's
  std::int64_t trained_parameters = 0;
  std::uint64_t stored_bytes = 0;  ///< of the base model's weights
  std::uint64_t memory_bytes = 0;  ///< estimate, a rank
  std::uint64_t checkpoint_bytes = 0;
};

/// The records of the data set.
struct PlannedData {
  std::uint64_t num_samples = 0;
  std::uint64_t num_shards = 0;
  std::uint64_t num_eval_samples = 0;
};

/// Tokens of one pass over the training data.
struct PlannedTokens {
  bool estimated = true;  ///< from `measured_samples`, scaled up; else counted
  std::uint64_t measured_samples = 0;
  std::uint64_t total = 0;    ///< that are trained through, dropped and truncated ones left out
  std::uint64_t trained = 0;  ///< whose loss counts
  std::uint64_t dropped = 0;
  std::uint64_t truncated = 0;
  std::uint64_t longest = 0;          ///< of one sample, among those measured
  std::uint64_t num_overlong = 0;     ///< samples longer than data.max_length
  std::vector<std::string> overlong;  ///< the first of them, "file:line: 3000 tokens …"
  std::uint64_t num_problems = 0;     ///< samples that would stop the run for another reason
  std::vector<std::string> problems;  ///< the first of them
};

/// How the training runs through the data.
struct PlannedSteps {
  std::uint64_t total_steps = 0;
  std::uint64_t positions = 0;   ///< samples trained on, repetitions counted
  std::optional<double> epochs;  ///< unknown without the data
};

/// How long it takes and what it costs, by the cluster file's `estimate`; 0: not known.
struct PlannedTime {
  double training_seconds = 0;
  std::int64_t jobs = 1;  ///< that the time limit cuts it into
  double cost = 0;
  std::string currency;
  double checkpoint_seconds = 0;  ///< to write one
};

/// What a rank takes of a GPU's memory, and how it fits the common ones; estimates
/// (core/model/gpu_sizing.h).
struct PlannedGpus {
  struct Fit {
    std::string name;
    std::int64_t slots = 0;        ///< whose activations fit at once; 0: the run does not fit
    double tokens_per_second = 0;  ///< of one GPU
  };
  std::uint64_t weight_bytes = 0;   ///< of the base, if it is frozen
  std::uint64_t trained_bytes = 0;  ///< of what is trained
  std::uint64_t gradient_bytes = 0;
  std::uint64_t activation_bytes = 0;  ///< of one slot
  std::uint64_t workspace_bytes = 0;
  std::uint64_t communication_bytes = 0;
  std::uint64_t context_bytes = 0;
  std::uint64_t host_bytes = 0;  ///< in the machine's own memory
  std::vector<Fit> fits;
};

/// A file that is handed to a scheduler.
struct PlannedFile {
  std::string name;
  std::string content;
};

/// Something that was looked at before submitting.
struct PlannedCheck {
  enum class Result { kOk, kWarning, kFailed };
  std::string what;
  Result result = Result::kOk;
  std::string detail;
};

/// What `temper plan` shows and run directories keep as plan.yaml: everything that would happen, as
/// data. Parts that could not be looked at are absent, with the reason in `notes`.
struct RunPlan {
  std::string name;
  std::optional<PlannedModel> model;
  std::optional<PlannedData> data;
  std::optional<PlannedTokens> tokens;
  std::optional<PlannedSteps> steps;
  std::optional<PlannedGpus> gpus;
  std::int64_t batch_samples = 0;
  std::int64_t slots = 0;
  std::int64_t ranks = 1;
  std::int64_t slot_workers = 1;
  std::string backend;
  std::vector<std::string> commands;  ///< the exact command lines
  std::vector<PlannedFile> files;     ///< that they name
  std::optional<PlannedTime> time;
  std::vector<PlannedCheck> checks;
  std::optional<std::string> first_sample;  ///< its trained part between ⟦ and ⟧
  std::vector<std::string> notes;
};

}  // namespace temper::launch
