#include "core/storage/s3/s3_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/hash.h"
#include "core/http/url.h"
#include "core/storage/s3/s3_xml.h"
#include "core/storage/s3/signature.h"

namespace temper::storage {
namespace {

using http::Verdict;
using Kind = StorageError::Kind;

constexpr std::chrono::minutes kMaxSkew{5};

/// Codes whose status alone would mislead.
struct CodeRule {
  std::string_view code;
  Verdict verdict;
};
constexpr std::array kCodeRules = {
    CodeRule{"RequestTimeout", Verdict::kRetry},
    CodeRule{"ConditionalRequestConflict", Verdict::kRetry},
    CodeRule{"OperationAborted", Verdict::kRetry},
    CodeRule{"InternalError", Verdict::kRetry},
    CodeRule{"SlowDown", Verdict::kRetry},
    CodeRule{"ServiceUnavailable", Verdict::kRetry},
    CodeRule{"BadDigest", Verdict::kRetry},  // damaged on the way
    CodeRule{"XAmzContentSHA256Mismatch", Verdict::kRetry},
    CodeRule{"XAmzContentChecksumMismatch", Verdict::kRetry},
    CodeRule{"ExpiredToken", Verdict::kRefresh},
    CodeRule{"TokenRefreshRequired", Verdict::kRefresh},
    CodeRule{"PermanentRedirect", Verdict::kRefresh},
    CodeRule{"TemporaryRedirect", Verdict::kRefresh},
    CodeRule{"AuthorizationHeaderMalformed", Verdict::kRefresh},  // of another region
};

/// Also of an answer with status 200, which long operations may give before they fail.
S3Error error_of(const http::Response& response) {
  constexpr std::size_t kNear = 256;
  const bool may_be_error =
      !response.ok() ||
      std::string_view(response.body).substr(0, kNear).find("<Error>") != std::string_view::npos;
  return may_be_error ? parse_s3_error(response.body) : S3Error{};
}

}  // namespace

std::string S3Endpoint::bucket_url(const std::string& region) const {
  const std::string url = base.empty() ? fmt::format("https://s3.{}.amazonaws.com", region) : base;
  if (path_style) {
    return url + "/" + bucket;
  }
  const std::size_t host = url.find("://") + 3;
  return url.substr(0, host) + bucket + "." + url.substr(host);
}

S3Service::S3Service(S3Endpoint endpoint, std::string region,
                     std::unique_ptr<RefreshingAwsCredentials> credentials, Clock& clock)
    : endpoint_(std::move(endpoint)),
      credentials_(std::move(credentials)),
      clock_(clock),
      region_(std::move(region)) {}

std::string S3Service::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

void S3Service::authorize(http::Request& request) {
  const std::string in_region = region();
  request.url = endpoint_.bucket_url(in_region) + request.url;
  if (credentials_ == nullptr) {
    return;
  }
  // TLS protects the body already; hashing it would cost more than sending it.
  const std::string payload_hash =
      request.url.starts_with("https:") ? "UNSIGNED-PAYLOAD" : sha256_hex(request.body);
  sign_request(request, *credentials_->get(), {.region = in_region, .time = clock_.now()},
               payload_hash);
}

bool S3Service::learn_from(const http::Request& request, const http::Response& refusal) {
  std::string told = refusal.headers.get("x-amz-bucket-region").value_or("");
  if (told.empty()) {
    told = error_of(refusal).region;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!told.empty() && told != region_) {
      region_ = told;
      return true;
    }
  }
  if (credentials_ == nullptr || (refusal.status >= 300 && refusal.status < 400)) {
    return false;
  }
  const std::string used = request.headers.get("Authorization").value_or("");
  return credentials_->forget([&](const AwsCredentials& credentials) {
    return used.find("Credential=" + credentials.access_key_id + "/") != std::string::npos;
  });
}

Verdict S3Service::judge(const http::Response& response, http::Idempotency idempotency) const {
  const std::string code = error_of(response).code;
  const auto* rule = std::ranges::find(kCodeRules, code, &CodeRule::code);
  if (rule != kCodeRules.end()) {
    return rule->verdict == Verdict::kRetry && idempotency == http::Idempotency::kNever
               ? Verdict::kDone
               : rule->verdict;
  }
  // An answer to HEAD has no body that could say why.
  const bool may_be_region = response.headers.get("x-amz-bucket-region").has_value() &&
                             (response.status == 301 || response.status == 307);
  const bool may_be_expired = response.status == 400 && response.body.empty();
  return may_be_region || may_be_expired ? Verdict::kRefresh
                                         : http::judge_status(response.status, idempotency);
}

std::string S3Service::reason(const http::Response& response) const {
  const S3Error error = error_of(response);
  return error.message.empty() ? error.code : error.code + ": " + error.message;
}

S3Api::S3Api(std::string bucket, std::string account, Clock& clock)
    : bucket_(std::move(bucket)), account_(std::move(account)), clock_(clock) {}

std::string S3Api::object_url(const ObjectAddress& object) const {
  return "/" + http::percent_encode(object.name, true);
}

http::Request S3Api::get_request(const ObjectAddress& object, const std::string& version) const {
  http::Request request{.url = object_url(object)};
  if (!version.empty()) {
    request.headers.set("If-Match", version);
  }
  return request;
}

std::string S3Api::version_of(const http::Headers& headers) const {
  return headers.get("ETag").value_or("");
}

http::Request S3Api::list_request(const std::string& name, const std::string& next) const {
  http::Parameters parameters;  // sorted by name, as the signature wants them
  if (!next.empty()) {
    parameters.emplace_back("continuation-token", next);
  }
  parameters.emplace_back("encoding-type", "url");
  parameters.emplace_back("list-type", "2");
  parameters.emplace_back("max-keys", "1000");
  parameters.emplace_back("prefix", name);
  return {.url = "/" + http::query_string(parameters)};
}

ObjectPage S3Api::parse_page(std::string_view body, const std::string& origin) const {
  return parse_s3_page(body, origin);
}

bool S3Api::is_missing_bucket(const http::Response& response) const {
  return response.status == 404 && error_of(response).code == "NoSuchBucket";
}

std::string S3Api::way_out(const http::Response& response, const std::string& code) const {
  const auto service_time = http::date_of(response);
  if (service_time && response.status == 403) {
    const auto ahead =
        std::chrono::duration_cast<std::chrono::minutes>(clock_.now() - *service_time);
    if (ahead > kMaxSkew || ahead < -kMaxSkew) {
      return fmt::format("This machine's clock is {} minutes {} the service's; set it right",
                         std::abs(ahead.count()), ahead.count() > 0 ? "ahead of" : "behind");
    }
  }
  if (code == "NoSuchBucket" || response.status == 404) {
    return fmt::format("Is s3://{} spelled right, and the endpoint (AWS_ENDPOINT_URL)?", bucket_);
  }
  if (response.status == 301 || response.status == 307) {
    return "The bucket is in another region; set AWS_REGION to it";
  }
  if (code == "ExpiredToken" || code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" ||
      response.status == 401) {
    return fmt::format(
        "The credentials of {} are refused; renew them (aws sso login, or new "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
        account_);
  }
  if (response.status == 403) {
    return fmt::format(
        "Allow {} s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket and "
        "s3:AbortMultipartUpload on s3://{}, or use another account (AWS_PROFILE)",
        account_, bucket_);
  }
  return "The service does not allow this; look at the name and the bucket's settings";
}

void S3Api::throw_failure(const std::string& action, const http::Response& response) const {
  const S3Error error = error_of(response);
  Kind kind = Kind::kRefused;
  if (response.status == 404) {
    kind = Kind::kNotFound;
  } else if (response.status == 401 || response.status == 403 || error.code == "ExpiredToken") {
    kind = Kind::kPermission;
  } else if (response.status == 507 || error.code == "XMinioStorageFull") {
    kind = Kind::kNoSpace;
  } else if (response.status >= 500 || response.status == 429 || response.status == 408) {
    kind = Kind::kUnavailable;
  }
  throw StorageError(kind, fmt::format("cannot {}: HTTP status {}{}{}{}{}. {}", action,
                                       response.status, error.code.empty() ? "" : ": ", error.code,
                                       error.message.empty() ? "" : ": ", error.message,
                                       kind == Kind::kUnavailable ? "Try again later"
                                                                  : way_out(response, error.code)));
}

}  // namespace temper::storage
