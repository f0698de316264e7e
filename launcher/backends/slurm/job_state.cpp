#include "launcher/backends/slurm/job_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace temper::launch {
namespace {

constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

/// The capital letters that a text begins with: "CANCELLED by 1000" is CANCELLED.
std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find_first_not_of(kCapitals));
}

/// The value of `name=` up to the next space.
std::string value_of(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) {
    return "";
  }
  const std::string_view value = text.substr(at + name.size());
  return std::string(value.substr(0, value.find_first_of(" \n")));
}

bool says_nothing(std::string_view reason) {
  return reason.empty() || reason == "None" || reason == "(null)";
}

bool is_one_of(std::string_view state, std::initializer_list<std::string_view> states) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

bool waits(std::string_view state) {
  return is_one_of(state, {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD",
                           "RESV_DEL_HOLD", "SPECIAL_EXIT"});
}

bool runs(std::string_view state) {
  return is_one_of(state, {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING",
                           "STAGE_OUT"});
}

std::string described(const std::string& job_id, const SlurmJob& job) {
  return fmt::format("Slurm job {} {}{}", job_id, job.state,
                     job.reason.empty() ? "" : fmt::format(" ({})", job.reason));
}

}  // namespace

std::optional<SlurmJob> parse_job_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t bar = std::min(line.find('|'), line.size());
    const std::string_view state = first_word(line.substr(0, bar));
    if (!state.empty() && bar < line.size()) {
      const std::string_view reason = line.substr(bar + 1);
      return SlurmJob{std::string(state), std::string(says_nothing(reason) ? "" : reason)};
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

std::optional<SlurmJob> parse_scontrol_job(std::string_view text) {
  SlurmJob job{std::string(first_word(value_of(text, "JobState="))), value_of(text, " Reason=")};
  if (job.state.empty()) {
    return std::nullopt;
  }
  if (says_nothing(job.reason)) {
    job.reason.clear();
  }
  return job;
}

std::optional<std::string> parse_sbatch_answer(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  std::optional<std::string> id;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::string_view digits = line.substr(0, line.find(';'));
    constexpr std::size_t kMaxDigits = 18;
    if (!digits.empty() && digits.size() <= kMaxDigits &&
        digits.find_first_not_of(kDigits) == std::string_view::npos) {
      id = std::string(digits);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return id;
}

bool is_queued_or_running(const SlurmJob& job) {
  return waits(job.state) || runs(job.state);
}

BackendState state_of_job(const run::RunRecord& record, const std::optional<SlurmJob>& job) {
  using run::RunState;
  if (!is_active(record.state)) {
    return {record.state, record.message};
  }
  if (!job) {
    return {RunState::kFailed,
            fmt::format("Slurm no longer knows job {}, and the run's own record ends while it was "
                        "{}; `temper resume {}` goes on from the last checkpoint",
                        record.job, run::run_state_name(record.state), record.id)};
  }
  if (waits(job->state)) {
    const bool held = job->reason.starts_with("JobHeld");
    return {RunState::kPending,
            described(record.job, *job) +
                (held ? fmt::format("; `scontrol release {}` lets it go on", record.job) : "")};
  }
  if (runs(job->state)) {
    return {RunState::kRunning, described(record.job, *job)};
  }
  const bool cancelled = job->state == "CANCELLED";
  return {cancelled ? RunState::kStopped : RunState::kFailed,
          fmt::format("{} before the run was done; `temper resume {}` goes on from the last "
                      "checkpoint",
                      described(record.job, *job), record.id)};
}

}  // namespace temper::launch
