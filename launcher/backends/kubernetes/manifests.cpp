#include "launcher/backends/kubernetes/manifests.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "launcher/backends/kubernetes/manifest_text.h"
#include "launcher/backends/kubernetes/mpi_job.h"
#include "launcher/backends/kubernetes/pod_template.h"

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kKeptSeconds = 12 * 3600;  // for kubectl, once it has ended
constexpr std::int64_t kSecondsAMinute = 60;
constexpr const char* kReplicatedJob = "w";

Json metadata(const JobSpec& spec) {
  const recipe::Kubernetes& kubernetes = spec.cluster.kubernetes;
  Json labels = {{"temper-run", job_name(spec.run_id)}};
  if (!kubernetes.queue.empty()) {
    labels["kueue.x-k8s.io/queue-name"] = kubernetes.queue;
  }
  if (!kubernetes.priority_class.empty()) {
    labels["kueue.x-k8s.io/priority-class"] = kubernetes.priority_class;
  }
  return {{"name", job_name(spec.run_id)},
          {"namespace", kubernetes.name_space},
          {"labels", labels},
          {"annotations", {{"temper/run", spec.run_id}}}};
}

/// Codes that would come back the same way.
Json hopeless_codes(const JobSpec& spec) {
  return {{"action", "FailJob"},
          {"onExitCodes",
           {{"containerName", worker_container(spec.cluster.kubernetes.api)},
            {"operator", "In"},
            {"values", {1, 2, 78}}}}};
}

Json disrupted(const char* action) {
  return {{"action", action},
          {"onPodConditions", Json::array({{{"type", "DisruptionTarget"}, {"status", "True"}}})}};
}

/// One pod's failure fails the Job, whatever it is, so that JobSet starts all pods again; the rule
/// that matched stands in the Job's message.
Json worker_job(const JobSpec& spec) {
  const std::int64_t nodes = spec.cluster.nodes;
  Json job = {
      {"parallelism", nodes},
      {"completions", nodes},
      {"completionMode", "Indexed"},
      {"backoffLimit", 0},
      {"podReplacementPolicy", "Failed"},
      {"podFailurePolicy", {{"rules", Json::array({hopeless_codes(spec), disrupted("FailJob")})}}}};
  if (spec.cluster.time_limit_minutes > 0) {
    job["activeDeadlineSeconds"] = spec.cluster.time_limit_minutes * kSecondsAMinute;
  }
  job["template"] = pod_template(spec);
  return job;
}

/// First match wins. Both rules of podFailurePolicy give the reason PodFailurePolicy: only the
/// message tells them apart (JobSet KEP-262, story 5).
Json restart_rules() {
  return Json::array({{{"name", "hopeless"},
                       {"action", "FailJobSet"},
                       {"onJobFailureReasons", {"PodFailurePolicy"}},
                       {"onJobFailureMessagePatterns", {".*failed with exit code (1|2|78) .*"}}},
                      {{"name", "disrupted"},
                       {"action", "RestartJobSetAndIgnoreMaxRestarts"},
                       {"onJobFailureReasons", {"PodFailurePolicy"}},
                       {"onJobFailureMessagePatterns", {".*DisruptionTarget.*"}}},
                      {{"name", "other"}, {"action", "RestartJobSet"}}});
}

/// Pods of several nodes meet at pod 0 by its name in the job's headless service.
Json& add_meeting_place(const std::string& first_pod, Json& pod) {
  Json& environment = pod["spec"]["containers"][0]["env"];
  environment.push_back({{"name", "MASTER_ADDR"}, {"value", first_pod}});
  environment.push_back({{"name", "MASTER_PORT"}, {"value", fmt::to_string(kMeetingPort)}});
  return environment;
}

/// The same in a JobSet, whose own count of restarts tells the starts apart.
void add_meeting_of_set(const JobSpec& spec, Json& pod) {
  const std::string name = job_name(spec.run_id);
  Json& environment = add_meeting_place(fmt::format("{0}-{1}-0-0.{0}", name, kReplicatedJob), pod);
  environment.push_back(
      {{"name", "TEMPER_LAUNCH"},
       {"valueFrom",
        {{"fieldRef", {{"fieldPath", "metadata.labels['jobset.sigs.k8s.io/restart-attempt']"}}}}}});
}

Json jobset(const JobSpec& spec) {
  Json job = worker_job(spec);
  add_meeting_of_set(spec, job["template"]);
  Json body = {
      {"ttlSecondsAfterFinished", kKeptSeconds},
      {"network",
       {{"enableDNSHostnames", true},
        {"subdomain", job_name(spec.run_id)},
        {"publishNotReadyAddresses", true}}},
      {"successPolicy", {{"operator", "All"}}},
      {"failurePolicy",
       {{"maxRestarts", spec.cluster.max_restarts},
        {"restartStrategy", "BlockingRecreate"},
        {"rules", restart_rules()}}},
      {"replicatedJobs",
       Json::array({{{"name", kReplicatedJob}, {"replicas", 1}, {"template", {{"spec", job}}}}})}};
  if (!spec.cluster.kubernetes.queue.empty()) {
    body["suspend"] = true;  // Kueue lets it start
  }
  return {{"apiVersion", "jobset.x-k8s.io/v1alpha2"},
          {"kind", "JobSet"},
          {"metadata", metadata(spec)},
          {"spec", body}};
}

/// What gives the pods of a plain Job their names; a JobSet makes its own.
Json headless_service(const JobSpec& spec) {
  Json data = metadata(spec);
  data["labels"] = {{"temper-run", job_name(spec.run_id)}};
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", data},
          {"spec",
           {{"clusterIP", "None"},
            {"publishNotReadyAddresses", true},
            {"selector", {{"temper-run", job_name(spec.run_id)}}},
            {"ports", Json::array({{{"name", "meeting"}, {"port", kMeetingPort}}})}}}};
}

/// Pods that the Job itself replaces, each by itself: with a lost one all others leave, and every
/// one counts.
Json plain_job(const JobSpec& spec) {
  Json body = worker_job(spec);
  body["backoffLimit"] = spec.cluster.max_restarts * spec.cluster.nodes;
  if (spec.cluster.nodes > 1) {
    const std::string name = job_name(spec.run_id);
    body["template"]["spec"]["subdomain"] = name;
    add_meeting_place(fmt::format("{0}-0.{0}", name), body["template"]);
  }
  body["podFailurePolicy"]["rules"] = Json::array({hopeless_codes(spec), disrupted("Ignore")});
  body["ttlSecondsAfterFinished"] = kKeptSeconds;
  if (!spec.cluster.kubernetes.queue.empty()) {
    body["suspend"] = true;
  }
  return {
      {"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", metadata(spec)}, {"spec", body}};
}

/// Its runtime says what starts pods again; what a runtime can't know of a run is patched in.
Json train_job(const JobSpec& spec) {
  const recipe::Cluster& cluster = spec.cluster;
  Json pod = pod_placement(cluster);
  pod["containers"] = Json::array({{{"name", worker_container(cluster.kubernetes.api)},
                                    {"volumeMounts", worker_mounts(cluster)}}});
  const Json node = {
      {"name", "node"},
      {"template", {{"spec", {{"template", {{"metadata", pod_metadata(spec)}, {"spec", pod}}}}}}}};
  Json body = {
      {"runtimeRef",
       {{"apiGroup", "trainer.kubeflow.org"},
        {"kind", "ClusterTrainingRuntime"},
        {"name", cluster.kubernetes.runtime}}},
      {"trainer",
       {{"image", cluster.kubernetes.image},
        {"command", worker_command(spec)},
        {"numNodes", cluster.nodes},
        {"resourcesPerNode", worker_resources(cluster)},
        {"env", worker_environment(spec)}}},
      {"runtimePatches",
       Json::array({{{"manager", "temper.dev/launcher"},
                     {"trainingRuntimeSpec",
                      {{"template", {{"spec", {{"replicatedJobs", Json::array({node})}}}}}}}}})}};
  if (cluster.time_limit_minutes > 0) {
    body["activeDeadlineSeconds"] = cluster.time_limit_minutes * kSecondsAMinute;
  }
  if (!cluster.kubernetes.queue.empty()) {
    body["suspend"] = true;
  }
  return {{"apiVersion", "trainer.kubeflow.org/v1alpha1"},
          {"kind", "TrainJob"},
          {"metadata", metadata(spec)},
          {"spec", body}};
}

/// The operator's job of the launcher knows no exit codes: a run that was given up on is not
/// trained again by the pods that replace the first.
Json mpi_job(const JobSpec& spec) {
  const recipe::Cluster& cluster = spec.cluster;
  Json policy = {{"cleanPodPolicy", "Running"},
                 {"ttlSecondsAfterFinished", kKeptSeconds},
                 {"backoffLimit", cluster.max_restarts}};
  if (cluster.time_limit_minutes > 0) {
    policy["activeDeadlineSeconds"] = cluster.time_limit_minutes * kSecondsAMinute;
  }
  if (!cluster.kubernetes.queue.empty()) {
    policy["suspend"] = true;
  }
  Json body = mpi_job_replicas(spec);
  body["runPolicy"] = policy;
  return {{"apiVersion", "kubeflow.org/v2beta1"},
          {"kind", "MPIJob"},
          {"metadata", metadata(spec)},
          {"spec", body}};
}

}  // namespace

std::string job_manifest(const JobSpec& spec) {
  const std::string heading = "# Rendered by temper; `temper submit` sends it as it is.\n";
  switch (spec.cluster.kubernetes.api) {
    case recipe::JobApi::kJobSet:
      return heading + to_yaml(jobset(spec));
    case recipe::JobApi::kJob:
      return heading +
             (spec.cluster.nodes > 1 ? to_yaml(headless_service(spec)) + "---\n" : std::string()) +
             to_yaml(plain_job(spec));
    case recipe::JobApi::kTrainJob:
      return heading + to_yaml(train_job(spec));
    case recipe::JobApi::kMpiJob:
      return heading + to_yaml(mpi_job(spec));
  }
  return "";
}

std::string kind_name(recipe::JobApi api) {
  return std::string(recipe::name_of(api));
}

std::string kinds_made(const recipe::Cluster& cluster) {
  const bool has_service = cluster.kubernetes.api == recipe::JobApi::kJob && cluster.nodes > 1;
  return kind_name(cluster.kubernetes.api) + (has_service ? ",service" : "");
}

}  // namespace temper::launch
