#include "core/storage/s3/open_s3.h"

#include <utility>

#include "core/http/curl_transport.h"
#include "core/http/http_settings.h"
#include "core/http/url.h"
#include "core/storage/cloud/bucket_location.h"
#include "core/storage/credentials/aws_chain.h"
#include "core/storage/s3/s3_store.h"

namespace temper::storage {
namespace {

std::string setting(const AwsProfile& profile, const char* name) {
  const auto found = profile.find(name);
  return found == profile.end() ? "" : found->second;
}

std::string first_set(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) {
      return value;
    }
  }
  return "";
}

}  // namespace

std::unique_ptr<ObjectStore> open_s3(const std::string& url, const OpenOptions& options,
                                     Clock& clock) {
  const auto variable = [&](const char* name) {
    return options.environment.get(name).value_or("");
  };
  const BucketLocation location = parse_bucket_url(url);
  const AwsProfile profile = load_aws_profile(options.environment);
  S3Endpoint endpoint;
  endpoint.base = http::without_last_slashes(
      first_set({variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL"),
                 setting(profile, "endpoint_url")}));
  endpoint.bucket = location.bucket;
  // A certificate for *.s3.….amazonaws.com does not cover a bucket's name with points.
  const bool has_points = location.bucket.find('.') != std::string::npos;
  endpoint.path_style = !endpoint.base.empty() || has_points;
  const std::string region = first_set({variable("AWS_REGION"), variable("AWS_DEFAULT_REGION"),
                                        setting(profile, "region"), "us-east-1"});
  AwsIdentity identity = find_aws_identity(options, profile, region, clock);
  S3UploadOptions upload;
  upload.checksums = variable("AWS_REQUEST_CHECKSUM_CALCULATION") != "when_required";
  http::Client client(
      std::make_unique<http::CurlTransport>(http::settings_from(options.environment), options.stop),
      std::make_unique<S3Service>(endpoint, region, std::move(identity.credentials), clock), clock,
      {options.policy, options.logger, options.stop, options.counters});
  return std::make_unique<S3Store>(location, S3Api(location.bucket, identity.account, clock),
                                   std::move(client), upload);
}

}  // namespace temper::storage
