#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "core/recipe/recipe_rules.h"
#include "core/recipe/vertex_rules.h"
#include "core/recipe/yaml_scalar.h"

namespace temper::recipe {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool is_one_of(char c, std::string_view letters) {
  return letters.find(c) != std::string_view::npos;
}

void version_is_known(std::int64_t version, Reading& reading) {
  if (reading.sound({"version"}) && version != 1) {
    reading.fail_rule({"version"},
                      fmt::format("is {}, but this temper reads version 1; write 1, or "
                                  "run the temper that the file was written for",
                                  version));
  }
}

void names_are_variables(const std::map<std::string, std::string>& variables,
                         const std::string& key, Reading& reading) {
  constexpr std::size_t kLongest = 200;
  for (const auto& [name, value] : variables) {
    const bool fine = !name.empty() && name.size() <= kLongest && !is_one_of(name[0], kDigits) &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                        return is_one_of(c, kLetters) || is_one_of(c, kDigits) || c == '_';
                      });
    if (!fine) {
      reading.fail_rule({key + "." + name, key},
                        fmt::format("{} can't name a variable; write letters, digits and '_', the "
                                    "first no digit",
                                    quote_for_message(name)));
    }
  }
}

void sections_fit_the_kind(const Cluster& cluster, Reading& reading) {
  const auto require_default = [&](const char* key, ClusterKind kind, bool is_default) {
    if (cluster.kind != kind && !is_default && reading.sound({"kind", key})) {
      reading.fail_rule({key},
                        fmt::format("has no effect with kind {}; remove it, or write kind: {}",
                                    name_of(cluster.kind), name_of(kind)));
    }
  };
  require_default("slurm", ClusterKind::kSlurm, cluster.slurm == Slurm{});
  require_default("kubernetes", ClusterKind::kKubernetes, cluster.kubernetes == Kubernetes{});
  require_default("vertex", ClusterKind::kVertex, cluster.vertex == Vertex{});
}

void this_machine_is_one_node(const Cluster& cluster, Reading& reading) {
  if (cluster.kind != ClusterKind::kLocal || !reading.sound({"kind"})) {
    return;
  }
  if (reading.sound({"nodes"}) && cluster.nodes != 1) {
    reading.fail_rule({"nodes"}, fmt::format("is {}, but kind local is this machine alone; write "
                                             "nodes: 1, or kind: slurm, kubernetes or vertex",
                                             cluster.nodes));
  }
  if (reading.sound({"time_limit_minutes"}) && cluster.time_limit_minutes != 0) {
    reading.fail_rule({"time_limit_minutes"},
                      "has no effect with kind local, which sets no limit; remove it");
  }
}

void transport_fits_the_kind(const Cluster& cluster, Reading& reading) {
  if (!reading.sound({"transport", "kind", "nodes", "kubernetes.api"})) {
    return;
  }
  if (cluster.transport == Transport::kTcp && cluster.kind == ClusterKind::kSlurm) {
    reading.fail_rule({"transport"},
                      "is tcp, but kind slurm joins ranks through MPI; write auto, or mpi");
  }
  if (cluster.transport == Transport::kMpi && cluster.kind == ClusterKind::kVertex &&
      cluster.nodes > 1) {
    reading.fail_rule({"transport"},
                      "is mpi, but several replicas have no MPI launcher; write auto, or tcp");
  }
  if (cluster.transport == Transport::kMpi && cluster.kind == ClusterKind::kKubernetes &&
      cluster.nodes > 1 && cluster.kubernetes.api != JobApi::kMpiJob) {
    reading.fail_rule({"transport", "kubernetes.api"},
                      "is mpi, but only an MPIJob joins several pods through MPI; write auto, or "
                      "tcp");
  }
}

void ranks_spread_evenly(const Cluster& cluster, Reading& reading) {
  if (!reading.sound({"ranks", "nodes"}) || cluster.ranks == 0) {
    return;
  }
  if (cluster.ranks % cluster.nodes != 0) {
    reading.fail_rule({"ranks", "nodes"},
                      fmt::format("{} ranks can't be spread evenly over {} nodes; write a multiple "
                                  "of {}, or 0",
                                  cluster.ranks, cluster.nodes, cluster.nodes));
  } else if (reading.sound({"resources.gpus"}) && cluster.resources.gpus > 0 &&
             cluster.ranks != cluster.nodes * cluster.resources.gpus) {
    reading.fail_rule({"ranks", "resources.gpus"},
                      fmt::format("is {}, but {} nodes with {} GPUs take one rank a GPU; write {}, "
                                  "or 0",
                                  cluster.ranks, cluster.nodes, cluster.resources.gpus,
                                  cluster.nodes * cluster.resources.gpus));
  }
}

void a_cluster_says_its_cores(const Cluster& cluster, Reading& reading) {
  if (cluster.kind == ClusterKind::kLocal || !reading.sound({"kind", "resources.cpus"})) {
    return;
  }
  const std::int64_t ranks_a_node = std::max<std::int64_t>(
      1, cluster.ranks > 0 ? cluster.ranks / cluster.nodes : cluster.resources.gpus);
  if (cluster.resources.cpus == 0) {
    reading.fail_rule({"resources.cpus", "resources", "kind"},
                      fmt::format("must be said with kind {}: the cores of one node, e.g. "
                                  "resources: {{cpus: 8}}",
                                  name_of(cluster.kind)));
  } else if (cluster.resources.cpus < ranks_a_node) {
    reading.fail_rule({"resources.cpus"},
                      fmt::format("is {}, fewer than the {} ranks of one node; write more cores or "
                                  "fewer ranks",
                                  cluster.resources.cpus, ranks_a_node));
  }
}

void grace_fits_the_limit(const Cluster& cluster, Reading& reading) {
  constexpr std::int64_t kSecondsAMinute = 60;
  if (cluster.time_limit_minutes > 0 && reading.sound({"time_limit_minutes", "grace_seconds"}) &&
      cluster.grace_seconds >= cluster.time_limit_minutes * kSecondsAMinute) {
    reading.fail_rule({"grace_seconds", "time_limit_minutes"},
                      fmt::format("{} s of grace leave nothing of a time limit of {} min; write "
                                  "fewer seconds or more minutes",
                                  cluster.grace_seconds, cluster.time_limit_minutes));
  }
}

void options_of_slurm_are_one_line(const Cluster& cluster, Reading& reading) {
  const auto check = [&](const std::string& key, const std::string& value) {
    if (reading.sound({key}) && value.find('\n') != std::string::npos) {
      reading.fail_rule({key, "slurm"}, "must be one line");
    }
  };
  const Slurm& slurm = cluster.slurm;
  for (const auto& [key, value] :
       {std::pair("slurm.partition", &slurm.partition), std::pair("slurm.account", &slurm.account),
        std::pair("slurm.qos", &slurm.qos), std::pair("slurm.constraint", &slurm.constraint),
        std::pair("slurm.program", &slurm.program)}) {
    check(key, *value);
  }
  for (std::size_t i = 0; i < slurm.options.size(); ++i) {
    const std::string key = fmt::format("slurm.options.{}", i);
    check(key, slurm.options[i]);
    if (reading.sound({key}) && !slurm.options[i].starts_with("--")) {
      reading.fail_rule({key, "slurm.options"},
                        fmt::format("is {}, no long option of sbatch; write e.g. "
                                    "--reservation=NAME",
                                    quote_for_message(slurm.options[i])));
    }
  }
}

void kubernetes_has_an_image(const Cluster& cluster, Reading& reading) {
  if (cluster.kind != ClusterKind::kKubernetes || !reading.sound({"kind"})) {
    return;
  }
  if (reading.sound({"kubernetes.image"}) && cluster.kubernetes.image.empty()) {
    reading.fail_rule({"kubernetes.image", "kubernetes", "kind"},
                      "must name the container image that the pods run, e.g. "
                      "REGISTRY/temper@sha256:…");
  }
  for (const auto& [name, reference] : cluster.secrets) {
    const std::size_t slash = reference.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == reference.size() ||
        reference.find('/', slash + 1) != std::string::npos) {
      reading.fail_rule({"secrets." + name, "secrets"},
                        "must be SECRET/KEY, the Kubernetes Secret and the key in it");
    }
  }
}

void secrets_are_paths(const Cluster& cluster, Reading& reading) {
  const bool are_files = cluster.kind == ClusterKind::kLocal || cluster.kind == ClusterKind::kSlurm;
  if (!are_files || !reading.sound({"kind"})) {
    return;
  }
  for (const auto& [name, reference] : cluster.secrets) {
    if (!reference.starts_with('/')) {  // the value is not shown: it may be the secret itself
      reading.fail_rule({"secrets." + name, "secrets"},
                        "must be the absolute path of a file with the secret, never the secret");
    }
  }
}

}  // namespace

void check_rules(const Cluster& cluster, Reading& reading) {
  version_is_known(cluster.version, reading);
  names_are_variables(cluster.environment, "environment", reading);
  names_are_variables(cluster.secrets, "secrets", reading);
  sections_fit_the_kind(cluster, reading);
  this_machine_is_one_node(cluster, reading);
  transport_fits_the_kind(cluster, reading);
  ranks_spread_evenly(cluster, reading);
  a_cluster_says_its_cores(cluster, reading);
  grace_fits_the_limit(cluster, reading);
  options_of_slurm_are_one_line(cluster, reading);
  kubernetes_has_an_image(cluster, reading);
  secrets_are_paths(cluster, reading);
  check_vertex(cluster, reading);
}

}  // namespace temper::recipe
