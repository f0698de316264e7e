#pragma once

#include <nlohmann/json.hpp>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// The name of the container that trains; exit code rules name it. A TrainJob's runtime has it.
const char* worker_container(recipe::JobApi api);
/// The port at pod 0 where ranks of several pods meet.
inline constexpr int kMeetingPort = 29400;

/// The worker's variables: the job's, the cluster file's, its secrets by reference.
nlohmann::ordered_json worker_environment(const JobSpec& spec);
/// requests and limits of one pod.
nlohmann::ordered_json worker_resources(const recipe::Cluster& cluster);
/// The worker's command: `temper attend` of the run's URL.
nlohmann::ordered_json worker_command(const JobSpec& spec);

/// What a pod needs beside its containers' commands: volumes, places, patience. One for all kinds
/// of jobs; TrainJob takes it as a patch.
nlohmann::ordered_json pod_placement(const recipe::Cluster& cluster);
/// The worker's mounts.
nlohmann::ordered_json worker_mounts(const recipe::Cluster& cluster);

/// Labels and annotations of a worker's pod.
nlohmann::ordered_json pod_metadata(const JobSpec& spec);

/// The template of a worker's pod, metadata and spec. Pure.
nlohmann::ordered_json pod_template(const JobSpec& spec);

}  // namespace temper::launch
