#include "launcher/backends/vertex/custom_job.h"

#include <fmt/format.h>

#include "launcher/backends/job_name.h"

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kSecondsAMinute = 60;

/// protobuf's Duration in JSON.
std::string seconds(std::int64_t minutes) {
  return fmt::format("{}s", minutes * kSecondsAMinute);
}

const char* strategy_name(recipe::VertexStrategy strategy) {
  switch (strategy) {
    case recipe::VertexStrategy::kStandard:
      return "STANDARD";
    case recipe::VertexStrategy::kSpot:
      return "SPOT";
    case recipe::VertexStrategy::kFlexStart:
      return "FLEX_START";
  }
  return "STANDARD";
}

Json container(const JobSpec& spec) {
  Json arguments = {"attend", spec.place};
  if (!spec.launch.allow_changed.empty()) {
    arguments.push_back("--allow-changed");
    arguments.push_back(spec.launch.allow_changed);
  }
  // The replica's own disk; a folder that any user of the image may make.
  Json environment = Json::array({{{"name", "TEMPER_CACHE"}, {"value", "/tmp/temper"}}});
  for (const auto& [name, value] : spec.cluster.environment) {
    environment.push_back({{"name", name}, {"value", value}});
  }
  return {{"imageUri", spec.cluster.vertex.image},
          {"command", Json::array({"temper"})},
          {"args", arguments},
          {"env", environment}};
}

Json worker_pool(const JobSpec& spec, std::int64_t replicas) {
  const recipe::Vertex& vertex = spec.cluster.vertex;
  Json machine = {{"machineType", vertex.machine_type}};
  if (spec.cluster.resources.gpus > 0) {
    machine["acceleratorType"] = vertex.accelerator_type;
    machine["acceleratorCount"] = spec.cluster.resources.gpus;
  }
  return {{"machineSpec", machine},
          {"replicaCount", fmt::to_string(replicas)},  // 64-bit integers are texts in JSON
          {"diskSpec", {{"bootDiskType", "pd-ssd"}, {"bootDiskSizeGb", vertex.boot_disk_gib}}},
          {"containerSpec", container(spec)}};
}

Json scheduling(const recipe::Cluster& cluster) {
  const recipe::Vertex& vertex = cluster.vertex;
  Json rules = {{"strategy", strategy_name(vertex.strategy)},
                {"restartJobOnWorkerRestart", vertex.restart_job_on_worker_restart}};
  if (cluster.nodes > 1 && cluster.max_restarts == 0) {
    rules["disableRetries"] = true;  // several replicas are not restarted within
  }
  if (cluster.time_limit_minutes > 0) {
    rules["timeout"] = seconds(cluster.time_limit_minutes);
  }
  if (vertex.max_wait_minutes > 0) {
    rules["maxWaitDuration"] = seconds(vertex.max_wait_minutes);
  }
  return rules;
}

}  // namespace

Json custom_job(const JobSpec& spec) {
  const recipe::Vertex& vertex = spec.cluster.vertex;
  Json pools = Json::array({worker_pool(spec, 1)});
  if (spec.cluster.nodes > 1) {
    pools.push_back(worker_pool(spec, spec.cluster.nodes - 1));
  }
  Json job = {{"workerPoolSpecs", pools}, {"scheduling", scheduling(spec.cluster)}};
  if (!vertex.service_account.empty()) {
    job["serviceAccount"] = vertex.service_account;
  }
  if (!vertex.network.empty()) {
    job["network"] = vertex.network;
  }
  Json labels = {{kVertexRunLabel, job_name(spec.run_id)}};
  for (const auto& [label, value] : vertex.labels) {
    labels[label] = value;
  }
  return {{"displayName", spec.run_id}, {"jobSpec", job}, {"labels", labels}};
}

}  // namespace temper::launch
