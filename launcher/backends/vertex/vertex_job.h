#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// What Vertex AI says about a custom job.
struct VertexJob {
  enum class Phase { kWaiting, kActive, kSucceeded, kCancelled, kFailed };
  std::string id;  ///< the last part of its name
  Phase phase = Phase::kWaiting;
  std::string state;    ///< in Vertex AI's word: "JOB_STATE_QUEUED"
  std::string problem;  ///< its error, may be empty
  std::chrono::system_clock::time_point created;
};

/// Whether it waits or runs.
bool is_under_way(const VertexJob& job);

/// A CustomJob as the REST interface answers it. UserError if it is no such object.
VertexJob parse_vertex_job(std::string_view json);

/// A page of customJobs.list, as it comes.
struct VertexJobPage {
  std::vector<VertexJob> jobs;
  std::string next;  ///< token of the next page; empty: this is the last
};
VertexJobPage parse_vertex_jobs(std::string_view json);  // UserError

/// The state of a run by its record and its job (nullopt: there is none). What the run itself has
/// written as final stands. Pure.
BackendState state_of_vertex_job(const run::RunRecord& record, const std::optional<VertexJob>& job);

}  // namespace temper::launch
