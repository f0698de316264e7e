#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/recipe/choices.h"

/// The sections of a cluster file (cluster.h).
namespace temper::recipe {

/// What one node gives to a run.
struct Resources {
  std::int64_t cpus = 0;
  double memory_gib = 0;
  std::int64_t gpus = 0;
  std::string gpu_type;

  template <class Visitor>
  void visit(Visitor& field) {
    field("cpus", cpus, "CPU cores of one node. 0: with kind local, all of this machine")
        .at_least(0)
        .at_most(4096);
    field("memory_gib", memory_gib, "Memory of one node in GiB. 0: none is asked for").at_least(0);
    field("gpus", gpus, "GPUs of one node").at_least(0).at_most(64);
    field("gpu_type", gpu_type, "Slurm's name of the kind of GPU, as in --gres=gpu:TYPE:8");
  }
  bool operator==(const Resources&) const = default;
};

/// What `temper plan` needs to know for estimates; 0: not known, so not estimated.
struct Estimate {
  double tokens_per_second = 0;
  double write_mib_per_second = 0;
  double price_per_node_hour = 0;
  std::string currency = "USD";

  template <class Visitor>
  void visit(Visitor& field) {
    field("tokens_per_second", tokens_per_second,
          "Tokens that one rank trains a second, as an earlier run's progress says. 0: not known")
        .at_least(0);
    field("write_mib_per_second", write_mib_per_second,
          "MiB that one rank writes a second where checkpoints go. 0: not known")
        .at_least(0);
    field("price_per_node_hour", price_per_node_hour, "What one node costs an hour. 0: not known")
        .at_least(0);
    field("currency", currency, "Of price_per_node_hour");
  }
  bool operator==(const Estimate&) const = default;
};

/// kind: slurm. Empty values leave the choice to the site.
struct Slurm {
  std::string partition, account, qos, constraint;
  bool exclusive = false;
  RankStarter starter = RankStarter::kAuto;
  std::string mpi = "pmix";
  std::string program;
  std::vector<std::string> setup;
  std::vector<std::string> options;

  template <class Visitor>
  void visit(Visitor& field) {
    field("partition", partition, "sbatch --partition");
    field("account", account, "sbatch --account");
    field("qos", qos, "sbatch --qos");
    field("constraint", constraint, "sbatch --constraint");
    field("exclusive", exclusive, "Whole nodes: sbatch --exclusive");
    field("starter", starter,
          "What starts the ranks inside the job. `auto`: srun where the site's Slurm has the MPI "
          "plugin named in `mpi`, else mpirun");
    field("mpi", mpi, "srun's MPI plugin: srun --mpi").not_empty();
    field("program", program,
          "Path of temper on the nodes, temper-trainer beside it. Empty: this program's own path, "
          "in a folder that the nodes share");
    field("setup", setup, "Shell lines before anything runs in the job: `module load openmpi` …");
    field("options", options, "More options of sbatch, such as --reservation=NAME");
  }
  bool operator==(const Slurm&) const = default;
};

/// kind: kubernetes.
struct Kubernetes {
  std::string context;
  std::string name_space = "default";
  JobApi api = JobApi::kJobSet;
  std::string image;
  std::string image_pull_secret;
  std::string service_account;
  std::string queue;
  std::string priority_class;
  MachineFamily machine = MachineFamily::kAny;
  bool spot = false;
  double shared_memory_gib = 0;
  std::map<std::string, std::string> node_selector;
  std::string runtime = "torch-distributed";

  template <class Visitor>
  void visit(Visitor& field) {
    field("context", context, "kubectl's context. Empty: the current one");
    field("namespace", name_space, "Namespace of the job").not_empty();
    field("api", api,
          "What is made: a JobSet, a plain Indexed Job where JobSet isn't installed, Kubeflow's "
          "TrainJob or MPIJob");
    field("image", image, "Container image with temper and temper-trainer, best by its digest");
    field("image_pull_secret", image_pull_secret, "Secret for pulling the image");
    field("service_account", service_account,
          "Kubernetes service account of the pods; on GKE, Workload Identity gives it the bucket");
    field("queue", queue, "Kueue's local queue. Empty: no Kueue");
    field("priority_class", priority_class, "Kueue's workload priority class");
    field("machine", machine, "Family of Google Cloud machines, for what its GPUs need in a pod");
    field("spot", spot, "Run on spot machines of GKE");
    field("shared_memory_gib", shared_memory_gib, "Size of /dev/shm in GiB. 0: the node's default")
        .at_least(0);
    field("node_selector", node_selector, "Labels that the nodes must have");
    field("runtime", runtime, "ClusterTrainingRuntime of api trainjob").not_empty();
  }
  bool operator==(const Kubernetes&) const = default;
};

/// kind: vertex. One replica is a node, its accelerators are resources.gpus.
struct Vertex {
  std::string project, region, image, machine_type, accelerator_type;
  std::string service_account, network;
  VertexStrategy strategy = VertexStrategy::kStandard;
  std::int64_t max_wait_minutes = 0;
  bool restart_job_on_worker_restart = true;
  std::int64_t boot_disk_gib = 100;
  std::map<std::string, std::string> labels;
  std::string endpoint = "https://{service}.googleapis.com";

  template <class Visitor>
  void visit(Visitor& field) {
    field("project", project, "Google Cloud project that pays for the job");
    field("region", region, "Region of Vertex AI, such as europe-west4");
    field("image", image, "Container image with temper and temper-trainer, best by its digest");
    field("machine_type", machine_type, "Machine of one replica, such as e2-standard-8");
    field("accelerator_type", accelerator_type,
          "Vertex AI's name of the GPU, such as NVIDIA_L4; resources.gpus of them a replica");
    field("service_account", service_account,
          "Who the job is, for its bucket and secrets. Empty: the project's own agent");
    field("network", network,
          "VPC that the job is peered with: projects/NUMBER/global/networks/NAME. Empty: none");
    field("strategy", strategy,
          "`spot`: spare machines that can be taken away. `flex-start`: waits for machines");
    field("max_wait_minutes", max_wait_minutes,
          "With strategy flex-start: how long the job waits for machines. 0: Vertex AI's 24 hours")
        .at_least(0);
    field("restart_job_on_worker_restart", restart_job_on_worker_restart,
          "When one replica is started anew, start all: ranks can't join a run on their own");
    field("boot_disk_gib", boot_disk_gib, "Disk of one replica in GiB")
        .at_least(100)
        .at_most(64000);
    field("labels", labels, "More labels of the job, for bills and searches");
    field("endpoint", endpoint,
          "Where the services are reached, {service} being REGION-aiplatform, logging or "
          "secretmanager; for private endpoints. Over http:// no credentials are sent")
        .not_empty();
  }
  bool operator==(const Vertex&) const = default;
};

}  // namespace temper::recipe
