#include "launcher/backends/kubernetes/mpi_job.h"

#include <fmt/format.h>

#include "launcher/backends/kubernetes/pod_template.h"

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSshPort = 2222;  // one that a user without rights may listen at
/// Where the operator puts the keys that it makes for the job: the home of the image's user.
constexpr const char* kKeys = "/home/temper/.ssh";

/// The keys are root's files there, readable by all in the pod: no place for StrictModes.
Json sshd_command() {
  return {"/usr/sbin/sshd",
          "-De",
          "-f",
          "/dev/null",
          "-p",
          fmt::to_string(kSshPort),
          "-h",
          fmt::format("{}/id_rsa", kKeys),
          "-o",
          "StrictModes=no",
          "-o",
          "PidFile=none"};
}

Json worker(const JobSpec& spec) {
  Json pod = pod_template(spec);
  pod["spec"].erase("restartPolicy");  // the operator sets it
  Json& container = pod["spec"]["containers"][0];
  container["command"] = sshd_command();
  container["readinessProbe"] = {{"tcpSocket", {{"port", kSshPort}}}};
  return pod;
}

Json launcher(const JobSpec& spec) {
  Json pod = pod_template(spec);
  pod["spec"].erase("restartPolicy");
  return pod;
}

}  // namespace

Json mpi_job_replicas(const JobSpec& spec) {
  const recipe::Cluster& cluster = spec.cluster;
  Json replicas = {
      {"Launcher", {{"replicas", 1}, {"restartPolicy", "Never"}, {"template", launcher(spec)}}}};
  if (cluster.nodes > 1) {
    // A worker that ended starts again in its pod: the operator replaces none.
    replicas["Worker"] = {{"replicas", cluster.nodes - 1},
                          {"restartPolicy", "OnFailure"},
                          {"template", worker(spec)}};
  }
  return {{"slotsPerWorker", cluster.ranks / cluster.nodes},
          {"runLauncherAsWorker", true},
          {"launcherCreationPolicy", "WaitForWorkersReady"},
          {"mpiImplementation", "OpenMPI"},
          {"sshAuthMountPath", kKeys},
          {"mpiReplicaSpecs", replicas}};
}

std::vector<std::string> mpi_job_rank_starter(const recipe::Cluster& cluster,
                                              const LaunchSpec& launch,
                                              const std::filesystem::path& program,
                                              const std::string& place) {
  std::vector<std::string> argv = {"mpirun"};
  if (launch.as_root) {
    argv.emplace_back("--allow-run-as-root");
  }
  // The image has mpirun start ranks in its container alone; ssh knows no host before. A worker
  // that starts again needs a moment until it can be reached.
  const std::string ssh_options = fmt::format(
      "-p {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "
      "-o ConnectionAttempts=10",
      kSshPort);
  argv.insert(argv.end(),
              {"--mca", "plm", "rsh", "--mca", "plm_rsh_args", ssh_options, "--bind-to", "none",
               "--map-by", fmt::format("ppr:{}:node", cluster.ranks / cluster.nodes), "-n",
               fmt::to_string(cluster.ranks)});
  std::vector<std::string> names = {"TEMPER_CACHE"};
  for (const auto& [name, value] : launch.environment) {
    names.push_back(name);
  }
  for (const auto& [name, reference] : cluster.secrets) {
    names.push_back(name);  // Kubernetes has put them into the launcher's environment
  }
  for (const std::string& name : names) {
    argv.insert(argv.end(), {"-x", name});
  }
  argv.insert(argv.end(), {program.string(), "join", place, "--"});
  return argv;
}

}  // namespace temper::launch
