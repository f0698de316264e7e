#include "trainer/checkpoint/checkpoint_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "core/base/check.h"
#include "core/base/crc32c.h"
#include "core/base/hash.h"
#include "core/run/run_layout.h"
#include "core/weights/safetensors.h"
#include "trainer/checkpoint/share_split.h"

namespace temper::checkpoint {
namespace {

std::vector<weights::TensorView> views_of(std::span<const NamedTensor> tensors,
                                          const std::vector<std::size_t>& share) {
  std::vector<weights::TensorView> views;
  views.reserve(share.size());
  for (const std::size_t index : share) {
    const NamedTensor& tensor = tensors[index];
    views.push_back(
        {.name = tensor.name, .type = tensor.type, .shape = tensor.shape, .bytes = tensor.bytes});
  }
  return views;
}

bool any_of_progress(const std::vector<SaveStatus>& statuses, SaveProgress progress) {
  return std::any_of(statuses.begin(), statuses.end(),
                     [&](const SaveStatus& status) { return status.progress == progress; });
}

// A sentence on one line, for a log.
std::string problems_of(const std::vector<SaveStatus>& statuses) {
  std::string problems;
  for (std::size_t rank = 0; rank < statuses.size(); ++rank) {
    if (statuses[rank].progress == SaveProgress::kFailed) {
      problems +=
          fmt::format("{}rank {}: {}", problems.empty() ? "" : "; ", rank, statuses[rank].problem);
    }
  }
  return problems;
}

}  // namespace

CheckpointWriter::CheckpointWriter(storage::ObjectStore& store, Options options,
                                   const Logger& logger, Clock& clock)
    : store_(store), options_(std::move(options)), logger_(logger), clock_(clock) {
  CHECK(options_.rank >= 0 && options_.rank < options_.num_ranks, "rank {} of {}", options_.rank,
        options_.num_ranks);
  CHECK(options_.keep >= 1, "keep {} checkpoints", options_.keep);
}

CheckpointWriter::~CheckpointWriter() {
  if (job_.valid()) {
    job_.wait();
  }
}

void CheckpointWriter::begin(std::int64_t step, std::uint64_t position,
                             std::span<const NamedTensor> tensors) {
  CHECK(idle(), "save of step {} begun while that of step {} is in flight", step, step_);
  if (last_committed_step_ == step) {
    last_save_committed_ = true;
    return;
  }
  phase_ = SavePhase::kWriting;
  step_ = step;
  position_ = position;
  began_ = clock_.steady_now();
  last_save_committed_ = false;

  // The copy is already the file's image: one copy of the share in memory, not two.
  std::vector<std::byte> image;
  const std::vector<std::size_t> share =
      split_by_bytes(tensors, options_.num_ranks)[static_cast<std::size_t>(options_.rank)];
  std::string problem;
  try {
    if (!share.empty()) {
      image = weights::serialize_safetensors(views_of(tensors, share), {});
    }
  } catch (const std::bad_alloc&) {
    problem = "out of memory for a copy of the training state";
  }
  start([this, key = object_key(), leftover = std::exchange(leftover_key_, {}),
         image = std::move(image), problem]() mutable -> JobResult {
    const std::vector<std::byte> bytes = std::move(image);  // freed with the job, not with job_
    if (!problem.empty()) {
      return {.receipt = {}, .problem = problem};
    }
    return write_share(key, leftover, bytes);
  });
}

std::vector<std::byte> CheckpointWriter::status() const {
  SaveStatus status;
  status.phase = phase_;
  if (phase_ == SavePhase::kIdle) {
    return encode(status);
  }
  status.step = step_;
  if (phase_ == SavePhase::kCommitting && options_.rank != 0) {
    return encode(status);  // its part is done; the commit is rank 0's
  }
  if (job_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    status.progress = SaveProgress::kBusy;
    return encode(status);
  }
  const JobResult& result = job_.get();
  status.receipt = result.receipt;
  status.problem = result.problem;
  status.progress = result.problem.empty() ? SaveProgress::kDone : SaveProgress::kFailed;
  return encode(status);
}

void CheckpointWriter::apply(const std::vector<std::vector<std::byte>>& encoded) {
  CHECK(encoded.size() == static_cast<std::size_t>(options_.num_ranks), "{} statuses of {} ranks",
        encoded.size(), options_.num_ranks);
  std::vector<SaveStatus> statuses;
  statuses.reserve(encoded.size());
  for (std::size_t rank = 0; rank < encoded.size(); ++rank) {
    statuses.push_back(decode_status(encoded[rank]));
    CHECK(statuses.back().phase == phase_, "rank {} is in phase {} of a save, rank {} in {}", rank,
          static_cast<int>(statuses.back().phase), options_.rank, static_cast<int>(phase_));
    CHECK(idle() || statuses.back().step == step_, "rank {} saves step {}, rank {} step {}", rank,
          statuses.back().step, options_.rank, step_);
  }
  // A rank that failed waits for those that still write, so that idle() means idle everywhere.
  if (idle() || any_of_progress(statuses, SaveProgress::kBusy)) {
    return;
  }
  if (any_of_progress(statuses, SaveProgress::kFailed)) {
    drop(statuses);
  } else if (phase_ == SavePhase::kWriting) {
    start_commit(statuses);
  } else {
    end_committed();
  }
}

bool CheckpointWriter::finish(comm::Communicator& communicator) {
  // The phase is the same on all ranks, so all make the same number of rounds.
  while (!idle()) {
    job_.wait();
    apply(communicator.all_gather(status()));
  }
  return last_save_committed_;
}

std::string CheckpointWriter::folder() const {
  return run::checkpoint_name(step_, options_.attempt);
}

std::string CheckpointWriter::object_key() const {
  return folder() + "/" + run::share_name(options_.rank, options_.num_ranks);
}

void CheckpointWriter::start(std::function<JobResult()> job) {
  auto guarded = [job = std::move(job)]() -> JobResult {
    try {
      return job();
    } catch (const std::exception& error) {
      return {.receipt = {}, .problem = error.what()};
    }
  };
  try {
    job_ = std::async(std::launch::async, std::move(guarded)).share();
  } catch (const std::exception& error) {  // no thread to be had
    std::promise<JobResult> failed;
    failed.set_value({.receipt = {}, .problem = error.what()});
    job_ = failed.get_future().share();
  }
}

CheckpointWriter::JobResult CheckpointWriter::write_share(const std::string& key,
                                                          const std::string& leftover,
                                                          std::span<const std::byte> image) const {
  const TimelineSpan span(options_.timeline, "write checkpoint", {"step", step_},
                          {"bytes", static_cast<std::int64_t>(image.size())});
  if (!leftover.empty()) {
    try {
      store_.remove(leftover);
    } catch (const std::exception& error) {
      logger_.warning("checkpoint: {} of a dropped save is left behind: {}", leftover,
                      error.what());
    }
  }
  if (image.empty()) {
    return {};  // fewer tensors than ranks
  }
  run::CheckpointObject object{.name = run::share_name(options_.rank, options_.num_ranks),
                               .size_bytes = image.size(),
                               .crc32c = crc32c(image),
                               .sha256 = sha256_hex(image)};
  store_.write(key, image);
  return {.receipt = std::move(object), .problem = {}};
}

void CheckpointWriter::start_commit(const std::vector<SaveStatus>& statuses) {
  phase_ = SavePhase::kCommitting;
  if (options_.rank != 0) {
    return;
  }
  run::CheckpointManifest manifest;
  manifest.attempt = options_.attempt;
  manifest.step = step_;
  manifest.position = position_;
  manifest.num_ranks = options_.num_ranks;
  manifest.recipe_fingerprint = options_.fingerprints.recipe;
  manifest.data_fingerprint = options_.fingerprints.data;
  manifest.model_fingerprint = options_.fingerprints.model;
  manifest.device = options_.fingerprints.device;
  for (const SaveStatus& status : statuses) {
    if (status.receipt) {
      manifest.objects.push_back(*status.receipt);
    }
  }
  start([this, manifest = std::move(manifest)] { return commit(manifest); });
}

// Not by reading: the ranks have just written it and the store is all or nothing.
std::string CheckpointWriter::check_stored(const std::string& folder,
                                           const run::CheckpointObject& object) const {
  const std::string key = folder + "/" + object.name;
  const std::optional<storage::ObjectState> state = store_.state(key);
  if (!state || state->size_bytes != object.size_bytes) {
    return fmt::format("{}: {} has {} bytes, not the {} that were written", store_.url(), key,
                       state ? std::to_string(state->size_bytes) : "no", object.size_bytes);
  }
  if (state->crc32c && *state->crc32c != object.crc32c) {
    return fmt::format("{}: {} has the crc32c {:08x}, not the {:08x} that was written",
                       store_.url(), key, *state->crc32c, object.crc32c);
  }
  return "";
}

// The receipts say what was written; the store has the last word before the manifest names it.
CheckpointWriter::JobResult CheckpointWriter::commit(
    const run::CheckpointManifest& manifest) const {
  const TimelineSpan span(options_.timeline, "commit checkpoint", {"step", manifest.step});
  const std::string name = run::checkpoint_name(manifest.step, manifest.attempt);
  for (const run::CheckpointObject& object : manifest.objects) {
    const std::string problem = check_stored(name, object);
    if (!problem.empty()) {
      return {.receipt = {}, .problem = problem};
    }
  }
  if (!run::commit_checkpoint(store_, manifest) && !is_committed(manifest)) {
    return {.receipt = {},
            .problem = fmt::format("{}: {} has another manifest already; another process saves "
                                   "under this attempt id",
                                   store_.url(), name)};
  }
  try {
    for (const std::string& removed : run::collect_checkpoints(store_, name, options_.keep)) {
      logger_.debug("checkpoint {} removed: {} newer ones are kept", removed, options_.keep);
    }
  } catch (const std::exception& error) {
    logger_.warning("checkpoint {}: older ones could not be removed: {}", name, error.what());
  }
  return {};
}

// An earlier commit of the same save whose answer got lost.
bool CheckpointWriter::is_committed(const run::CheckpointManifest& manifest) const {
  const std::string key = fmt::format(
      "{}/{}", run::checkpoint_name(manifest.step, manifest.attempt), run::kManifestName);
  const std::optional<std::vector<std::byte>> bytes = store_.read(key);
  const std::string expected = run::to_json(manifest);
  return bytes && std::ranges::equal(*bytes, std::as_bytes(std::span(expected)));
}

void CheckpointWriter::end_committed() {
  phase_ = SavePhase::kIdle;
  last_save_committed_ = true;
  last_committed_step_ = step_;
  if (options_.rank == 0) {
    const std::chrono::duration<double> seconds = clock_.steady_now() - began_;
    logger_.info("checkpoint {} committed after {:.2f} s", folder(), seconds.count());
  }
}

void CheckpointWriter::drop(const std::vector<SaveStatus>& statuses) {
  // After a failed commit the manifest may exist all the same (an answer that got lost), so only
  // objects of the writing phase are known to be no part of a checkpoint.
  if (phase_ == SavePhase::kWriting) {
    leftover_key_ = object_key();
  }
  phase_ = SavePhase::kIdle;
  last_problem_ = problems_of(statuses);
  if (options_.rank == 0) {
    logger_.warning("checkpoint {} dropped, training goes on and earlier checkpoints stay: {}",
                    folder(), last_problem_);
  } else if (statuses[static_cast<std::size_t>(options_.rank)].progress == SaveProgress::kFailed) {
    logger_.warning("checkpoint {} dropped: {}", folder(),
                    statuses[static_cast<std::size_t>(options_.rank)].problem);
  }
}

}  // namespace temper::checkpoint
