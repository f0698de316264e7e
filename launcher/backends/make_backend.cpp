#include <fmt/format.h>

#include "core/base/error.h"
#include "launcher/backends/backend.h"
#include "launcher/backends/kubernetes/kubernetes_backend.h"
#include "launcher/backends/local_backend.h"
#include "launcher/backends/slurm/slurm_backend.h"

namespace temper::launch {

std::unique_ptr<Backend> make_backend(const recipe::Cluster& cluster, ProcessRunner& runner) {
  switch (cluster.kind) {
    case recipe::ClusterKind::kLocal:
      return std::make_unique<LocalBackend>(runner);
    case recipe::ClusterKind::kSlurm:
      return std::make_unique<SlurmBackend>(runner);
    case recipe::ClusterKind::kKubernetes:
      return std::make_unique<KubernetesBackend>(cluster, runner);
  }
  throw UserError(fmt::format("no backend for kind: {}", recipe::name_of(cluster.kind)));
}

bool is_active(run::RunState state) {
  return state == run::RunState::kPending || state == run::RunState::kRunning;
}

}  // namespace temper::launch
