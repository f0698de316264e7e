#pragma once

#include <memory>
#include <string>

#include "core/storage/cloud/cloud_service.h"
#include "core/storage/credentials/bearer_service.h"

namespace temper::storage {

/// How GCS wants to be asked by http::Client.
class GcsService final : public BearerService {
 public:
  using BearerService::BearerService;
  http::Verdict judge(const http::Response& response, http::Idempotency idempotency) const override;
};

/// The GCS JSON API's URLs and answers.
class GcsApi final : public CloudService {
 public:
  /// `endpoint`: "https://storage.googleapis.com" or an emulator's. `account` names who asks, for
  /// messages.
  GcsApi(std::string endpoint, std::string bucket, std::string account);

  std::string object_url(const ObjectAddress& object) const;
  std::string list_url() const;
  std::string upload_url(const std::string& type, const ObjectAddress& object,
                         std::int64_t if_generation_match) const;

  http::Request get_request(const ObjectAddress& object, const std::string& version) const override;
  std::string version_of(const http::Headers& headers) const override;
  http::Request list_request(const std::string& name, const std::string& next) const override;
  ObjectPage parse_page(std::string_view body, const std::string& origin) const override;
  bool is_missing_bucket(const http::Response& response) const override;
  [[noreturn]] void throw_failure(const std::string& action,
                                  const http::Response& response) const override;

 private:
  const std::string endpoint_;
  const std::string bucket_;
  const std::string account_;
};

}  // namespace temper::storage
