#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/recipe/cluster.h"
#include "launcher/backends/backend.h"
#include "launcher/backends/captured_run.h"
#include "launcher/backends/kubernetes/job_conditions.h"

namespace temper::launch {

/// A Kubernetes cluster through the user's own kubectl and context. Runs are in a bucket: pods get
/// the run's URL and bring results there.
class KubernetesBackend final : public Backend {
 public:
  /// `runner` must outlive it.
  KubernetesBackend(recipe::Cluster cluster, ProcessRunner& runner);

  std::string name() const override;
  RenderedJob render(const JobSpec& spec) const override;
  std::optional<Rehearsal> rehearse(const JobSpec& spec) const override;
  std::string submit(const JobSpec& spec) override;
  BackendState state(const run::RunRecord& record) const override;
  void cancel(const run::RunRecord& record) override;
  std::chrono::milliseconds poll_interval() const override;
  std::vector<std::string> log_command(const run::RunRecord& record) const override;

 private:
  /// kubectl with context and namespace, and these words.
  std::vector<std::string> kubectl(const std::vector<std::string>& words) const;
  CapturedRun ask(const std::vector<std::string>& words) const;
  /// nullopt if there is no such job. UserError if the API server can't be asked.
  std::optional<KubernetesJob> find_job(const std::string& name) const;
  /// Why a job has no pods, where the events tell.
  void add_events(const std::string& name, KubernetesJob& job) const;

  const recipe::Cluster cluster_;
  ProcessRunner& runner_;
};

}  // namespace temper::launch
