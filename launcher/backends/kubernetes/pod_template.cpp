#include "launcher/backends/kubernetes/pod_template.h"

#include <fmt/format.h>

#include <string>

#include "launcher/backends/kubernetes/machine_parts.h"
#include "launcher/backends/kubernetes/manifest_text.h"

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;

Json variable(const std::string& name, const std::string& value) {
  return {{"name", name}, {"value", value}};
}

std::string gibibytes(double size) {
  constexpr double kMebibytes = 1024;
  return fmt::format("{:.0f}Mi", size * kMebibytes);
}

Json toleration(const char* key, const char* value = nullptr) {
  Json entry = {{"key", key}, {"operator", value == nullptr ? "Exists" : "Equal"}};
  if (value != nullptr) {
    entry["value"] = value;
  }
  entry["effect"] = "NoSchedule";
  return entry;
}

void extend(Json& list, const Json& more) {
  for (const Json& item : more) {
    list.push_back(item);
  }
}

}  // namespace

const char* worker_container(recipe::JobApi api) {
  return api == recipe::JobApi::kTrainJob ? "node" : "worker";
}

Json worker_environment(const JobSpec& spec) {
  const std::string name = job_name(spec.run_id);
  Json environment = Json::array({variable("TEMPER_JOB", name), variable("TEMPER_CACHE", "/work")});
  for (const auto& [key, value] : spec.cluster.environment) {
    environment.push_back(variable(key, value));
  }
  for (const auto& [key, reference] : spec.cluster.secrets) {
    const std::size_t slash = reference.find('/');
    environment.push_back(
        {{"name", key},
         {"valueFrom",
          {{"secretKeyRef",
            {{"name", reference.substr(0, slash)}, {"key", reference.substr(slash + 1)}}}}}});
  }
  extend(environment, machine_parts(spec.cluster.kubernetes.machine).environment);
  return environment;
}

Json worker_resources(const recipe::Cluster& cluster) {
  Json amounts = {{"cpu", fmt::to_string(cluster.resources.cpus)}};
  if (cluster.resources.memory_gib > 0) {
    amounts["memory"] = gibibytes(cluster.resources.memory_gib);
  }
  if (cluster.resources.gpus > 0) {
    amounts["nvidia.com/gpu"] = cluster.resources.gpus;
  }
  // Equal requests and limits: the pod is the last to be evicted.
  return {{"requests", amounts}, {"limits", amounts}};
}

Json worker_command(const JobSpec& spec) {
  Json command = {"temper", "attend", spec.place};
  if (!spec.launch.allow_changed.empty()) {
    command.push_back("--allow-changed");
    command.push_back(spec.launch.allow_changed);
  }
  return command;
}

Json worker_mounts(const recipe::Cluster& cluster) {
  Json mounts = Json::array({{{"name", "work"}, {"mountPath", "/work"}}});
  if (cluster.kubernetes.shared_memory_gib > 0) {
    mounts.push_back({{"name", "shm"}, {"mountPath", "/dev/shm"}});
  }
  extend(mounts, machine_parts(cluster.kubernetes.machine).mounts);
  return mounts;
}

Json pod_placement(const recipe::Cluster& cluster) {
  const recipe::Kubernetes& kubernetes = cluster.kubernetes;
  MachineParts parts = machine_parts(kubernetes.machine);
  Json spec = Json::object();
  if (!kubernetes.service_account.empty()) {
    spec["serviceAccountName"] = kubernetes.service_account;
  }
  if (!kubernetes.image_pull_secret.empty()) {
    spec["imagePullSecrets"] = Json::array({{{"name", kubernetes.image_pull_secret}}});
  }
  // Honoured in maintenance; GKE gives spot machines 15 s at most whatever is asked for.
  spec["terminationGracePeriodSeconds"] = cluster.grace_seconds;
  for (const auto& [label, value] : kubernetes.node_selector) {
    parts.node_selector[label] = value;
  }
  Json tolerations = Json::array();
  if (cluster.resources.gpus > 0) {
    tolerations.push_back(toleration("nvidia.com/gpu"));
  }
  if (kubernetes.spot) {
    parts.node_selector["cloud.google.com/gke-spot"] = "true";
    tolerations.push_back(toleration("cloud.google.com/gke-spot", "true"));
  }
  if (!parts.node_selector.empty()) {
    spec["nodeSelector"] = parts.node_selector;
  }
  if (!tolerations.empty()) {
    spec["tolerations"] = tolerations;
  }
  if (!parts.init_containers.empty()) {
    spec["initContainers"] = parts.init_containers;
  }
  spec["volumes"] = Json::array({{{"name", "work"}, {"emptyDir", Json::object()}}});
  if (kubernetes.shared_memory_gib > 0) {
    spec["volumes"].push_back(
        {{"name", "shm"},
         {"emptyDir",
          {{"medium", "Memory"}, {"sizeLimit", gibibytes(kubernetes.shared_memory_gib)}}}});
  }
  extend(spec["volumes"], parts.volumes);
  return spec;
}

Json pod_metadata(const JobSpec& spec) {
  Json annotations = machine_parts(spec.cluster.kubernetes.machine).annotations;
  annotations["kubectl.kubernetes.io/default-container"] =
      worker_container(spec.cluster.kubernetes.api);
  return {{"labels", {{"temper-run", job_name(spec.run_id)}}}, {"annotations", annotations}};
}

Json pod_template(const JobSpec& spec) {
  Json pod = {{"restartPolicy", "Never"}};
  pod.update(pod_placement(spec.cluster));
  pod["containers"] = Json::array({{{"name", worker_container(spec.cluster.kubernetes.api)},
                                    {"image", spec.cluster.kubernetes.image},
                                    {"command", worker_command(spec)},
                                    {"env", worker_environment(spec)},
                                    {"resources", worker_resources(spec.cluster)},
                                    {"volumeMounts", worker_mounts(spec.cluster)}}});
  return {{"metadata", pod_metadata(spec)}, {"spec", pod}};
}

}  // namespace temper::launch
