#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// What the API server says about a job.
struct KubernetesJob {
  enum class Phase { kWaiting, kActive, kSucceeded, kFailed };
  Phase phase = Phase::kWaiting;
  std::string reason;  ///< of a failure or of waiting, may be empty
};

/// The object of `kubectl get … -o json`: a JobSet, Job, TrainJob or MPIJob, by its conditions
/// (Completed, Complete, Succeeded; Failed; Suspended). UserError if it is no JSON object.
KubernetesJob parse_job_object(std::string_view json);

/// Adds what the job's pods tell (`kubectl get pods … -o json`): whether one runs, or why the first
/// doesn't: an image that can't be pulled, no node with room. UserError if it is no JSON object.
void add_pods(std::string_view json, KubernetesJob& job);

/// Adds why the job's pods can't be made, a quota for example: the last warning of `kubectl get
/// events … -o json` about an object whose name begins with the job's. UserError if it is no JSON
/// object.
void add_warning(std::string_view json, const std::string& name, KubernetesJob& job);

/// The state of a run by its record and its job (nullopt: there is none). What the run itself has
/// written as final stands. Pure.
BackendState state_of_job(const run::RunRecord& record, const std::optional<KubernetesJob>& job);

}  // namespace temper::launch
