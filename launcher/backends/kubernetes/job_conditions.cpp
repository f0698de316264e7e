#include "launcher/backends/kubernetes/job_conditions.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/run/json_fields.h"

namespace temper::launch {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kMaxAnswerBytes = 64U << 20U;

/// The member, or null if there is none or `object` is no object.
const Json& member(const Json& object, const char* name) {
  static const Json kNull;
  return object.is_object() && object.contains(name) ? object.at(name) : kNull;
}

std::string text(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::string reason_and_message(const Json& object) {
  const std::string reason = text(object, "reason");
  const std::string message = text(object, "message");
  return message.empty() ? reason : fmt::format("{}: {}", reason, message);
}

bool is_true(const Json& condition) {
  return text(condition, "status") == "True";
}

/// Why a pod waits; "" if it doesn't say.
std::string why_waiting(const Json& status) {
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& container : member(status, list)) {
      const Json& waiting = member(member(container, "state"), "waiting");
      const std::string reason = text(waiting, "reason");
      if (!reason.empty() && reason != "ContainerCreating" && reason != "PodInitializing") {
        return reason_and_message(waiting);
      }
    }
  }
  for (const Json& condition : member(status, "conditions")) {
    if (text(condition, "type") == "PodScheduled" && text(condition, "status") == "False") {
      return reason_and_message(condition);
    }
  }
  return "";
}

}  // namespace

KubernetesJob parse_job_object(std::string_view json) {
  const Json object = run::parse_json_object(json, kMaxAnswerBytes, "kubectl's answer");
  KubernetesJob job;
  for (const Json& condition : member(member(object, "status"), "conditions")) {
    const std::string type = text(condition, "type");
    if (!is_true(condition)) {
      continue;
    }
    if (type == "Completed" || type == "Complete" || type == "Succeeded") {
      return {KubernetesJob::Phase::kSucceeded, ""};
    }
    if (type == "Failed") {
      return {KubernetesJob::Phase::kFailed, reason_and_message(condition)};
    }
    if (type == "Suspended") {
      job.reason = reason_and_message(condition);
    }
  }
  return job;
}

void add_pods(std::string_view json, KubernetesJob& job) {
  const Json list = run::parse_json_object(json, kMaxAnswerBytes, "kubectl's answer");
  for (const Json& pod : member(list, "items")) {
    const Json& status = member(pod, "status");
    const std::string why = why_waiting(status);
    if (!why.empty()) {
      job.reason = fmt::format("{}: {}", text(member(pod, "metadata"), "name"), why);
      job.phase = KubernetesJob::Phase::kWaiting;
      return;
    }
    if (text(status, "phase") == "Running") {
      job.phase = KubernetesJob::Phase::kActive;
    }
  }
}

void add_warning(std::string_view json, const std::string& name, KubernetesJob& job) {
  const Json list = run::parse_json_object(json, kMaxAnswerBytes, "kubectl's answer");
  for (const Json& event : member(list, "items")) {
    const std::string about = text(member(event, "involvedObject"), "name");
    if (text(event, "type") == "Warning" && (about == name || about.starts_with(name + "-"))) {
      job.reason = fmt::format("{}: {}", about, reason_and_message(event));
    }
  }
}

BackendState state_of_job(const run::RunRecord& record, const std::optional<KubernetesJob>& job) {
  using run::RunState;
  if (!is_active(record.state)) {
    return {record.state, record.message};
  }
  if (!job) {
    return {RunState::kFailed,
            fmt::format("Kubernetes no longer knows job {}, and the run's own record ends while it "
                        "was {}; `temper resume {}` goes on from the last checkpoint",
                        record.job, run::run_state_name(record.state), record.id)};
  }
  const std::string reason = job->reason.empty() ? "" : " (" + job->reason + ")";
  switch (job->phase) {
    case KubernetesJob::Phase::kWaiting:
      return {RunState::kPending, fmt::format("job {} waits{}", record.job, reason)};
    case KubernetesJob::Phase::kActive:
      return {RunState::kRunning, fmt::format("job {} runs", record.job)};
    case KubernetesJob::Phase::kSucceeded:
    case KubernetesJob::Phase::kFailed:
      break;
  }
  return {RunState::kFailed,
          fmt::format("job {} ended{} before the run was done; `temper resume {}` goes on from the "
                      "last checkpoint",
                      record.job, reason, record.id)};
}

}  // namespace temper::launch
