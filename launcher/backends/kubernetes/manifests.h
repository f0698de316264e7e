#pragma once

#include <string>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// What is created for a run: JobSet (jobset.x-k8s.io/v1alpha2), Job (batch/v1),
/// TrainJob (trainer.kubeflow.org/v1alpha1) or MPIJob (kubeflow.org/v2beta1), as YAML. Pure.
///
/// Ends follow docs/exit-codes.md: 1, 2 and 78 fail the job at once; a disruption (preempted or
/// drained node) starts it again without counting; everything else starts it again, max_restarts
/// times.
std::string job_manifest(const JobSpec& spec);

/// kubectl's name of the kind: "jobset", "job" …
std::string kind_name(recipe::JobApi api);

/// Those of all objects of the manifest: a plain Job of several pods has a headless Service of the
/// same name.
std::string kinds_made(const recipe::Cluster& cluster);

}  // namespace temper::launch
