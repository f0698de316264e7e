#pragma once

#include <string>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// The object that is created for a run: JobSet (jobset.x-k8s.io/v1alpha2), Job (batch/v1),
/// TrainJob (trainer.kubeflow.org/v1alpha1) or MPIJob (kubeflow.org/v2beta1), as YAML. Pure.
///
/// Ends follow docs/exit-codes.md: 1, 2 and 78 fail the job at once; a disruption (preempted or
/// drained node) starts it again without counting; everything else starts it again, max_restarts
/// times.
std::string job_manifest(const JobSpec& spec);

/// kubectl's name of the kind: "jobset", "job" …
std::string kind_name(recipe::JobApi api);

}  // namespace temper::launch
