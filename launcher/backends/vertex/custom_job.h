#pragma once

#include <nlohmann/json.hpp>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// The label of a job by which its run is found; the value is job_name() of the run's id.
inline constexpr const char* kVertexRunLabel = "temper_run";

/// A CustomJob of Vertex AI (google.cloud.aiplatform.v1, custom_job.proto) as its REST interface
/// takes it. The first replica is a pool of its own, the primary one; the others are the second
/// pool. Secrets are not in it: `temper attend` fetches them inside the job. Pure.
nlohmann::ordered_json custom_job(const JobSpec& spec);

}  // namespace temper::launch
