#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "core/base/clock.h"
#include "core/http/http_client.h"
#include "core/storage/cloud/cloud_service.h"
#include "core/storage/credentials/aws_credentials.h"

namespace temper::storage {

/// Where a bucket is served.
struct S3Endpoint {
  std::string base;  ///< "" for AWS itself, else the URL of a compatible service
  std::string bucket;
  bool path_style = false;  ///< base/bucket/key instead of bucket.base/key

  /// The URL under which the bucket's keys are, without a last '/'.
  std::string bucket_url(const std::string& region) const;
};

/// How S3 wants to be asked by http::Client. Requests come with a URL relative to the bucket
/// ("/key?query"), because the host depends on the region, which the service may correct.
class S3Service final : public http::Service {
 public:
  /// Without `credentials` requests are anonymous. `clock` outlives it.
  S3Service(S3Endpoint endpoint, std::string region,
            std::unique_ptr<RefreshingAwsCredentials> credentials, Clock& clock);
  void authorize(http::Request& request) override;
  bool learn_from(const http::Request& request, const http::Response& refusal) override;
  http::Verdict judge(const http::Response& response, http::Idempotency idempotency) const override;
  std::string reason(const http::Response& response) const override;

 private:
  std::string region() const;

  const S3Endpoint endpoint_;
  const std::unique_ptr<RefreshingAwsCredentials> credentials_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::string region_;  // under mutex_
};

/// What S3's requests and answers mean.
class S3Api final : public CloudService {
 public:
  /// `account` names who asks, for messages. `clock` outlives it.
  S3Api(std::string bucket, std::string account, Clock& clock);

  std::string object_url(const ObjectAddress& object) const;

  http::Request get_request(const ObjectAddress& object, const std::string& version) const override;
  std::string version_of(const http::Headers& headers) const override;
  http::Request list_request(const std::string& name, const std::string& next) const override;
  ObjectPage parse_page(std::string_view body, const std::string& origin) const override;
  bool is_missing_bucket(const http::Response& response) const override;
  [[noreturn]] void throw_failure(const std::string& action,
                                  const http::Response& response) const override;

 private:
  std::string way_out(const http::Response& response, const std::string& code) const;

  const std::string bucket_;
  const std::string account_;
  Clock& clock_;
};

}  // namespace temper::storage
