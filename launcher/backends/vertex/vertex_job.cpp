#include "launcher/backends/vertex/vertex_job.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/run/json_fields.h"

namespace temper::launch {
namespace {

using Json = nlohmann::json;
using Phase = VertexJob::Phase;
constexpr std::size_t kMaxAnswerBytes = 64U << 20U;
constexpr const char* kOrigin = "Vertex AI's answer";

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// google.cloud.aiplatform.v1.JobState. A state that is new to us is taken for a running one, so
/// that nothing is submitted twice.
Phase phase_of(std::string_view state) {
  constexpr std::array<std::pair<std::string_view, Phase>, 9> kPhases = {{
      {"JOB_STATE_QUEUED", Phase::kWaiting},
      {"JOB_STATE_PENDING", Phase::kWaiting},
      {"JOB_STATE_PAUSED", Phase::kWaiting},
      {"JOB_STATE_SUCCEEDED", Phase::kSucceeded},
      {"JOB_STATE_PARTIALLY_SUCCEEDED", Phase::kFailed},
      {"JOB_STATE_FAILED", Phase::kFailed},
      {"JOB_STATE_EXPIRED", Phase::kFailed},
      {"JOB_STATE_CANCELLED", Phase::kCancelled},
      {"JOB_STATE_UNSPECIFIED", Phase::kWaiting},
  }};
  for (const auto& [name, phase] : kPhases) {
    if (name == state) {
      return phase;
    }
  }
  return Phase::kActive;
}

VertexJob job_of(const Json& object) {
  if (!object.is_object()) {
    throw UserError(fmt::format("{}: a job is no object", kOrigin));
  }
  const std::string name = text(object, "name");
  VertexJob job;
  job.id = name.substr(name.rfind('/') + 1);
  job.state = text(object, "state");
  if (job.id.empty()) {
    throw UserError(fmt::format("{}: a job has no name", kOrigin));
  }
  job.created = parse_rfc3339(text(object, "createTime")).value_or(job.created);
  job.phase = job.state.empty() ? Phase::kWaiting : phase_of(job.state);
  if (const auto error = object.find("error"); error != object.end() && error->is_object()) {
    job.problem = text(*error, "message");
  }
  return job;
}

/// "JOB_STATE_QUEUED" → "queued".
std::string plain_word(const VertexJob& job) {
  constexpr std::string_view kPrefix = "JOB_STATE_";
  std::string word = job.state.starts_with(kPrefix) ? job.state.substr(kPrefix.size()) : job.state;
  for (char& c : word) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return word.empty() ? "new" : word;
}

}  // namespace

bool is_under_way(const VertexJob& job) {
  return job.phase == Phase::kWaiting || job.phase == Phase::kActive;
}

VertexJob parse_vertex_job(std::string_view json) {
  return job_of(run::parse_json_object(json, kMaxAnswerBytes, kOrigin));
}

VertexJobPage parse_vertex_jobs(std::string_view json) {
  const Json answer = run::parse_json_object(json, kMaxAnswerBytes, kOrigin);
  VertexJobPage page;
  if (const auto jobs = answer.find("customJobs"); jobs != answer.end()) {
    if (!jobs->is_array()) {
      throw UserError(fmt::format("{}: customJobs is no list", kOrigin));
    }
    for (const Json& job : *jobs) {
      page.jobs.push_back(job_of(job));
    }
  }
  page.next = text(answer, "nextPageToken");
  return page;
}

BackendState state_of_vertex_job(const run::RunRecord& record,
                                 const std::optional<VertexJob>& job) {
  using run::RunState;
  if (!is_active(record.state)) {
    return {record.state, record.message};
  }
  if (!job) {
    return {RunState::kFailed,
            fmt::format("Vertex AI knows no job of it, and the run's own record ends while it was "
                        "{}; `temper resume {}` goes on from the last checkpoint",
                        run::run_state_name(record.state), record.id)};
  }
  const std::string problem = job->problem.empty() ? "" : " (" + job->problem + ")";
  switch (job->phase) {
    case Phase::kWaiting:
      return {RunState::kPending,
              fmt::format("job {} is {}{}", job->id, plain_word(*job), problem)};
    case Phase::kActive:
      return {RunState::kRunning,
              fmt::format("job {} is {}{}", job->id, plain_word(*job), problem)};
    case Phase::kCancelled:
      return {RunState::kStopped, fmt::format("job {} was cancelled{}; `temper resume {}` goes on "
                                              "from the last checkpoint",
                                              job->id, problem, record.id)};
    case Phase::kSucceeded:
    case Phase::kFailed:
      break;
  }
  return {RunState::kFailed,
          fmt::format("job {} ended as {}{} before the run was done; `temper resume {}` goes on "
                      "from the last checkpoint",
                      job->id, plain_word(*job), problem, record.id)};
}

}  // namespace temper::launch
