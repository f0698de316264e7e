#include "tests/core/storage/cloud_stores.h"

#include <fmt/format.h>

#include <atomic>

#include "core/http/curl_transport.h"
#include "core/storage/cloud/bucket_location.h"
#include "core/storage/gcs/gcs_store.h"
#include "core/storage/s3/s3_store.h"
#include "tests/core/storage/store_cases.h"

namespace temper::storage {
namespace {

std::unique_ptr<RefreshingAwsCredentials> test_keys(Clock& clock) {
  return std::make_unique<RefreshingAwsCredentials>(
      [] {
        return AwsCredentials{"AKIDEMULATED", "emulated-secret-key", "", {}};
      },
      clock);
}

}  // namespace

testing::Emulator& emulator_of(Cloud cloud) {
  if (cloud == Cloud::kGcs) {
    static testing::Emulator gcs("gcs_emulator.py");
    return gcs;
  }
  static testing::Emulator s3("s3_emulator.py");
  return s3;
}

http::RetryPolicy quick_retries(std::chrono::milliseconds patience) {
  http::RetryPolicy policy = http::default_retry_policy();
  policy.initial = std::chrono::milliseconds(10);
  policy.cap = std::chrono::milliseconds(100);
  policy.patience = patience;
  return policy;
}

std::unique_ptr<ObjectStore> make_cloud_store(Cloud cloud, const CloudOptions& options,
                                              Clock& clock) {
  const std::string endpoint = emulator_of(cloud).url();
  const std::string prefix = options.folder.empty() ? "" : options.folder + "/";
  const http::Client::Options client{options.policy, options.logger, options.stop};
  auto transport = std::make_unique<http::CurlTransport>(http::Settings{}, options.stop);
  if (cloud == Cloud::kGcs) {
    return std::make_unique<GcsStore>(
        BucketLocation{"gs", options.bucket, prefix}, GcsApi(endpoint, options.bucket, "tester"),
        http::Client(std::move(transport), std::make_unique<GcsService>(nullptr), clock, client),
        GcsUploadSizes{1U << 20U, 5U << 20U});
  }
  return std::make_unique<S3Store>(
      BucketLocation{"s3", options.bucket, prefix}, S3Api(options.bucket, "tester", clock),
      http::Client(std::move(transport),
                   std::make_unique<S3Service>(S3Endpoint{endpoint, options.bucket, true},
                                               "us-east-1", test_keys(clock), clock),
                   clock, client),
      S3UploadOptions{1U << 20U, 5U << 20U, true});
}

std::map<std::string, std::string> emulator_environment(Cloud cloud) {
  const std::string url = emulator_of(cloud).url();
  if (cloud == Cloud::kGcs) {
    return {{"STORAGE_EMULATOR_HOST", url}};
  }
  return {{"AWS_ENDPOINT_URL", url},
          {"AWS_ACCESS_KEY_ID", "AKIDEMULATED"},
          {"AWS_SECRET_ACCESS_KEY", "emulated-secret-key"},
          {"AWS_REGION", "us-east-1"}};
}

std::string new_folder() {
  static std::atomic<int> number = 0;
  return fmt::format("test-{}", ++number);
}

/// The conformance suites' cases in this program: the services. (S3 itself allows line breaks in
/// keys; moto does not.)
std::vector<StoreCase> store_cases() {
  static SystemClock clock;
  const auto make = [](Cloud cloud) {
    return
        [cloud](const auto&) { return make_cloud_store(cloud, {.folder = new_folder()}, clock); };
  };
  return {{"Gcs", make(Cloud::kGcs), false}, {"S3", make(Cloud::kS3), false}};
}

}  // namespace temper::storage
