#include "launcher/backends/vertex/google_services.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <span>
#include <utility>

#include "core/base/error.h"
#include "core/http/curl_transport.h"
#include "core/http/http_settings.h"
#include "core/http/url.h"
#include "core/storage/credentials/bearer_service.h"
#include "core/storage/credentials/google_credentials.h"

namespace temper::launch {
namespace {

constexpr std::string_view kPlaceholder = "{service}";
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kTooManyRequests = 429;

class GoogleService final : public storage::BearerService {
 public:
  using BearerService::BearerService;
  http::Verdict judge(const http::Response& response,
                      http::Idempotency idempotency) const override {
    if (response.status == kTooManyRequests && is_quota_of_machines(reason(response))) {
      return http::Verdict::kDone;
    }
    return http::judge_status(response.status, idempotency);
  }
};

std::string way_out(int status) {
  switch (status) {
    case kUnauthorized:
      return ". Log in again (gcloud auth application-default login) or set "
             "GOOGLE_APPLICATION_CREDENTIALS";
    case kForbidden:
      return ". Vertex AI needs the role Vertex AI User, its logs Logs Viewer, secrets Secret "
             "Manager Secret Accessor, and each service enabled in the project";
    case kNotFound:
      return ". Are project, region and endpoint of the cluster file right?";
    case kTooManyRequests:
      return ". Ask for more quota, or choose another region or machine in the cluster file";
    default:
      return "";
  }
}

}  // namespace

std::string google_endpoint(const recipe::Vertex& vertex, const std::string& service) {
  std::string url = http::without_last_slashes(vertex.endpoint);
  const std::string host = service == "aiplatform" ? vertex.region + "-aiplatform" : service;
  if (const std::size_t place = url.find(kPlaceholder); place != std::string::npos) {
    url.replace(place, kPlaceholder.size(), host);
  }
  return url;
}

std::unique_ptr<http::Service> google_service(std::unique_ptr<storage::RefreshingToken> tokens) {
  return std::make_unique<GoogleService>(std::move(tokens));
}

http::Client google_client(const recipe::Vertex& vertex, const Environment& environment,
                           Clock& clock, std::chrono::seconds patience) {
  std::unique_ptr<storage::RefreshingToken> tokens;
  if (vertex.endpoint.starts_with("https://")) {
    storage::OpenOptions options;
    options.environment = environment;
    options.logger = Logger(LogLevel::kWarning);
    tokens = std::make_unique<storage::RefreshingToken>(
        [options, &clock] { return *storage::find_google_identity(options, clock).tokens->get(); },
        clock);
  }
  http::Client::Options options;
  options.policy.patience = patience;
  options.logger = Logger(LogLevel::kWarning);
  return {std::make_unique<http::CurlTransport>(http::settings_from(environment)),
          google_service(std::move(tokens)), clock, options};
}

http::Request json_request(std::string url, const std::string& body) {
  http::Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.set("Content-Type", "application/json");
  request.body = std::as_bytes(std::span(body));
  return request;
}

std::string good_body(const http::Client& client, const std::string& action,
                      const http::Response& response) {
  if (response.ok()) {
    return response.body;
  }
  throw UserError(
      fmt::format("cannot {}: {}{}", action, client.describe(response), way_out(response.status)));
}

bool is_quota_of_machines(const std::string& reason) {
  return reason.find("exceed quota limits") != std::string::npos ||
         reason.find("quotas are exceeded") != std::string::npos;
}

}  // namespace temper::launch
