#include <fmt/format.h>

#include "core/base/error.h"
#include "launcher/backends/backend.h"
#include "launcher/backends/kubernetes/kubernetes_backend.h"
#include "launcher/backends/local_backend.h"
#include "launcher/backends/slurm/slurm_backend.h"
#include "launcher/backends/vertex/google_services.h"
#include "launcher/backends/vertex/vertex_backend.h"

namespace temper::launch {

std::unique_ptr<Backend> make_backend(const recipe::Cluster& cluster,
                                      const Surroundings& surroundings) {
  ProcessRunner& runner = surroundings.runner;
  switch (cluster.kind) {
    case recipe::ClusterKind::kLocal:
      return std::make_unique<LocalBackend>(runner);
    case recipe::ClusterKind::kSlurm:
      return std::make_unique<SlurmBackend>(runner);
    case recipe::ClusterKind::kKubernetes:
      return std::make_unique<KubernetesBackend>(cluster, runner);
    case recipe::ClusterKind::kVertex:
      return std::make_unique<VertexBackend>(cluster, [cluster, surroundings] {
        return google_client(cluster.vertex, surroundings.environment, surroundings.clock);
      });
  }
  throw UserError(fmt::format("no backend for kind: {}", recipe::name_of(cluster.kind)));
}

bool is_active(run::RunState state) {
  return state == run::RunState::kPending || state == run::RunState::kRunning;
}

}  // namespace temper::launch
