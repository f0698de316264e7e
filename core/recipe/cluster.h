#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/recipe/choices.h"
#include "core/recipe/cluster_sections.h"

namespace temper::recipe {

/// Cluster file: *where* to run. Its fields are declared once, as a recipe's (recipe.h).
struct Cluster {
  std::int64_t version = 1;
  ClusterKind kind = ClusterKind::kLocal;
  std::int64_t nodes = 1;
  std::int64_t ranks = 0;
  std::int64_t slot_workers = 0;  ///< a rank
  Transport transport = Transport::kAuto;
  std::int64_t heartbeat_timeout_seconds = 30;
  Resources resources;
  std::string runs;
  std::int64_t time_limit_minutes = 0;
  std::int64_t grace_seconds = 120;
  std::int64_t max_restarts = 3;
  double backoff_seconds = 1.0;  ///< before the first restart; doubles, at most 60
  Estimate estimate;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> secrets;
  Slurm slurm;
  Kubernetes kubernetes;
  Vertex vertex;

  template <class Visitor>
  void visit(Visitor& field) {
    field("version", version, "Version of the cluster format; this is version 1");
    field("kind", kind,
          "What starts the ranks. `local`: this machine. `slurm`: a batch job. `kubernetes`: pods. "
          "`vertex`: a custom job of Vertex AI");
    field("nodes", nodes, "Machines").at_least(1).at_most(4096);
    field("ranks", ranks,
          "Trainer processes on all nodes. 0: one a GPU, or one a node without GPUs. The result "
          "does not depend on it")
        .at_least(0)
        .at_most(4096);
    field("slot_workers", slot_workers,
          "Threads of one rank that each compute a slot. 0: cores / ranks of a node, at least 1. "
          "The result does not depend on it")
        .at_least(0)
        .at_most(4096);
    field("transport", transport,
          "How the ranks meet. `mpi`: Open MPI joins them. `tcp`: by sockets, without MPI (not for "
          "kind slurm). `auto`: tcp between several pods, else mpi. Ranks with GPUs then "
          "talk over NCCL. The result does not depend on it");
    field(
        "heartbeat_timeout_seconds", heartbeat_timeout_seconds,
        "A rank that isn't heard of for so long counts as frozen: the others leave and the run is "
        "started again. A dead one is noticed at once")
        .at_least(1)
        .at_most(3600);
    field("resources", resources, "What one node gives");
    field("runs", runs,
          "Where runs are kept, in place of the recipe's checkpoint.to: a folder that all nodes "
          "share, or a bucket's URL. Empty: the recipe's");
    field("time_limit_minutes", time_limit_minutes,
          "The job's time limit. A run that needs longer goes on in the next job. 0: the site's")
        .at_least(0);
    field("grace_seconds", grace_seconds,
          "So long before the time limit, or between the request to stop and the kill, a run saves "
          "its state")
        .at_least(1)
        .at_most(3600);
    field("max_restarts", max_restarts,
          "How often a run that lost a rank or its storage is started again from its last "
          "checkpoint. 0: never")
        .at_least(0);
    field("backoff_seconds", backoff_seconds,
          "Wait before the first restart; doubles with each, up to 60 s")
        .at_least(0)
        .at_most(60);
    field("estimate", estimate, "What `temper plan` needs for time and cost");
    field("environment", environment, "Environment variables added for the ranks");
    field("secrets", secrets,
          "Environment variables by reference, such as HF_TOKEN. kind slurm and local: the path of "
          "a file that only you can read; kind kubernetes: SECRET/KEY; kind vertex: "
          "projects/P/secrets/NAME/versions/VERSION of Secret Manager");
    field("slurm", slurm, "For kind slurm");
    field("kubernetes", kubernetes, "For kind kubernetes");
    field("vertex", vertex, "For kind vertex");
  }
  bool operator==(const Cluster&) const = default;
};

}  // namespace temper::recipe
