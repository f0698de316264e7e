#include "core/storage/gcs/gcs_service.h"

#include <fmt/format.h>

#include "core/http/url.h"
#include "core/storage/gcs/gcs_resource.h"

namespace temper::storage {
namespace {

using Kind = StorageError::Kind;

}  // namespace

http::Verdict GcsService::judge(const http::Response& response,
                                http::Idempotency idempotency) const {
  // A 403 means "too fast" as well as "not allowed".
  if (response.status == 403 && idempotency == http::Idempotency::kAlways) {
    const std::string why = error_reason(response.body);
    if (why.starts_with("rateLimitExceeded") || why.starts_with("userRateLimitExceeded")) {
      return http::Verdict::kRetry;
    }
  }
  return http::judge_status(response.status, idempotency);
}

GcsApi::GcsApi(std::string endpoint, std::string bucket, std::string account)
    : endpoint_(std::move(endpoint)), bucket_(std::move(bucket)), account_(std::move(account)) {}

std::string GcsApi::list_url() const {
  return fmt::format("{}/storage/v1/b/{}/o", endpoint_, http::percent_encode(bucket_));
}

std::string GcsApi::object_url(const ObjectAddress& object) const {
  return list_url() + "/" + http::percent_encode(object.name);
}

std::string GcsApi::upload_url(const std::string& type, const ObjectAddress& object,
                               std::int64_t if_generation_match) const {
  return fmt::format("{}/upload/storage/v1/b/{}/o", endpoint_, http::percent_encode(bucket_)) +
         http::query_string({{"uploadType", type},
                             {"name", object.name},
                             {"ifGenerationMatch", std::to_string(if_generation_match)}});
}

http::Request GcsApi::get_request(const ObjectAddress& object, const std::string& version) const {
  http::Parameters parameters = {{"alt", "media"}};
  if (!version.empty()) {
    parameters.emplace_back("generation", version);
  }
  return {.url = object_url(object) + http::query_string(parameters)};
}

std::string GcsApi::version_of(const http::Headers& headers) const {
  return headers.get("x-goog-generation").value_or("");
}

http::Request GcsApi::list_request(const std::string& name, const std::string& next) const {
  http::Parameters parameters = {
      {"prefix", name}, {"maxResults", "1000"}, {"fields", "items(name,size),nextPageToken"}};
  if (!next.empty()) {
    parameters.emplace_back("pageToken", next);
  }
  return {.url = list_url() + http::query_string(parameters)};
}

ObjectPage GcsApi::parse_page(std::string_view body, const std::string& origin) const {
  return parse_gcs_page(body, origin);
}

bool GcsApi::is_missing_bucket(const http::Response& response) const {
  return response.status == 404 && response.body.find("bucket does not exist") != std::string::npos;
}

void GcsApi::throw_failure(const std::string& action, const http::Response& response) const {
  const std::string why = error_reason(response.body);
  const auto message = [&](std::string_view way_out) {
    return fmt::format("cannot {}: HTTP status {}{}{}. {}", action, response.status,
                       why.empty() ? "" : ": ", why, way_out);
  };
  switch (response.status) {
    case 401:
      throw StorageError(
          Kind::kPermission,
          message(fmt::format("The credentials of {} are refused. Log in again (gcloud auth "
                              "application-default login) or set GOOGLE_APPLICATION_CREDENTIALS",
                              account_)));
    case 403:
      throw StorageError(
          Kind::kPermission,
          message(fmt::format("Grant {} the role Storage Object User on gs://{}, or use another "
                              "account (GOOGLE_APPLICATION_CREDENTIALS)",
                              account_, bucket_)));
    case 404:
      throw StorageError(Kind::kNotFound,
                         message(fmt::format("Is gs://{} spelled right? Create the bucket "
                                             "(gcloud storage buckets create gs://{})",
                                             bucket_, bucket_)));
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      throw StorageError(Kind::kUnavailable, message("Try again later"));
    default:
      throw StorageError(Kind::kRefused,
                         message("The service does not allow this; look at the name and the "
                                 "bucket's settings"));
  }
}

}  // namespace temper::storage
