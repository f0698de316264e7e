#pragma once

#include <functional>
#include <string>

#include "core/recipe/cluster.h"
#include "launcher/backends/backend.h"
#include "launcher/backends/vertex/cloud_log.h"
#include "launcher/backends/vertex/vertex_client.h"

namespace temper::launch {

/// Custom jobs of Vertex AI, made over its REST interface with the user's Google credentials. Runs
/// are in a bucket: replicas get the run's URL and bring results there.
class VertexBackend final : public Backend {
 public:
  /// Each call gives a client of its own for Google's services; the clock in it outlives us.
  using Connect = std::function<http::Client()>;
  VertexBackend(recipe::Cluster cluster, Connect connect);

  std::string name() const override;
  RenderedJob render(const JobSpec& spec) const override;
  std::string submit(const JobSpec& spec) override;
  BackendState state(const run::RunRecord& record) const override;
  void cancel(const run::RunRecord& record) override;
  std::chrono::milliseconds poll_interval() const override;
  bool print_log(const run::RunRecord& record, const LogWindow& window,
                 std::ostream& out) const override;

 private:
  /// The job that the record names, or the newest of the run.
  std::optional<VertexJob> find_job(const run::RunRecord& record) const;
  std::optional<VertexJob> job_under_way(const JobSpec& spec) const;
  std::string replica_of(const LogWindow& window) const;

  const recipe::Cluster cluster_;
  const VertexClient client_;
  const CloudLog log_;
  Clock& clock_;
};

}  // namespace temper::launch
