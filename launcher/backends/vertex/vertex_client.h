#pragma once

#include <optional>
#include <string>

#include "core/http/http_client.h"
#include "core/recipe/cluster_sections.h"
#include "launcher/backends/vertex/vertex_job.h"

namespace temper::launch {

/// Custom jobs of one project and region: projects.locations.customJobs of Vertex AI's REST
/// interface, version 1. Errors are UserError in Vertex AI's own words, RetryableError if it can't
/// be reached.
class VertexClient {
 public:
  VertexClient(const recipe::Vertex& vertex, http::Client client);

  /// Where jobs are made, for people too.
  static std::string jobs_url(const recipe::Vertex& vertex);

  /// Makes a job of this JSON. After an error it may be there all the same.
  VertexJob create(const std::string& job) const;
  /// nullopt if there is no job of that id.
  std::optional<VertexJob> get(const std::string& id) const;
  /// The newest job whose label temper_run is `label`.
  std::optional<VertexJob> newest(const std::string& label) const;
  /// Asks for its end; does not wait.
  void cancel(const std::string& id) const;

  const http::Client& client() const { return client_; }

 private:
  std::string job_url(const std::string& id) const;

  const std::string jobs_url_;
  const http::Client client_;
};

}  // namespace temper::launch
