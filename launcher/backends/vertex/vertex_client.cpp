#include "launcher/backends/vertex/vertex_client.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/http/url.h"
#include "launcher/backends/vertex/custom_job.h"
#include "launcher/backends/vertex/google_pages.h"
#include "launcher/backends/vertex/google_services.h"

namespace temper::launch {
namespace {

using http::Idempotency;

constexpr int kNotFound = 404;

}  // namespace

VertexClient::VertexClient(const recipe::Vertex& vertex, http::Client client)
    : jobs_url_(jobs_url(vertex)), client_(std::move(client)) {}

std::string VertexClient::jobs_url(const recipe::Vertex& vertex) {
  return fmt::format("{}/v1/projects/{}/locations/{}/customJobs",
                     google_endpoint(vertex, "aiplatform"), vertex.project, vertex.region);
}

std::string VertexClient::job_url(const std::string& id) const {
  return jobs_url_ + "/" + http::percent_encode(id);
}

VertexJob VertexClient::create(const std::string& job) const {
  const std::string action = "make a custom job";
  return parse_vertex_job(good_body(
      client_, action, client_.send(action, Idempotency::kNever, json_request(jobs_url_, job))));
}

std::optional<VertexJob> VertexClient::get(const std::string& id) const {
  const std::string action = "ask for custom job " + id;
  const http::Response response = client_.send(action, Idempotency::kAlways, {.url = job_url(id)});
  if (response.status == kNotFound) {
    return std::nullopt;
  }
  return parse_vertex_job(good_body(client_, action, response));
}

std::optional<VertexJob> VertexClient::newest(const std::string& label) const {
  const std::string action = "list custom jobs";
  const auto ask = [&](const std::string& token) {
    http::Parameters parameters = {{"filter", fmt::format("labels.{}={}", kVertexRunLabel, label)},
                                   {"pageSize", "100"}};
    if (!token.empty()) {
      parameters.emplace_back("pageToken", token);
    }
    return parse_vertex_jobs(
        good_body(client_, action,
                  client_.send(action, Idempotency::kAlways,
                               {.url = jobs_url_ + http::query_string(parameters)})));
  };
  std::optional<VertexJob> newest;
  take_pages(ask, [&newest](const VertexJobPage& page) {
    for (const VertexJob& job : page.jobs) {  // in no promised order
      if (!newest || job.created > newest->created) {
        newest = job;
      }
    }
    return true;
  });
  return newest;
}

void VertexClient::cancel(const std::string& id) const {
  const std::string action = "cancel custom job " + id;
  const std::string body = "{}";
  static_cast<void>(good_body(
      client_, action,
      client_.send(action, Idempotency::kAlways, json_request(job_url(id) + ":cancel", body))));
}

}  // namespace temper::launch
