#include "core/storage/gcs/open_gcs.h"

#include "core/http/curl_transport.h"
#include "core/http/http_settings.h"
#include "core/http/url.h"
#include "core/storage/cloud/bucket_location.h"
#include "core/storage/credentials/google_credentials.h"
#include "core/storage/gcs/gcs_store.h"

namespace temper::storage {
namespace {

constexpr const char* kEndpoint = "https://storage.googleapis.com";

/// Google's clients want a scheme in it, others do without.
std::string emulator_endpoint(const std::string& variable) {
  const std::string host = http::without_last_slashes(variable);
  return host.find("://") == std::string::npos ? "http://" + host : host;
}

}  // namespace

std::unique_ptr<ObjectStore> open_gcs(const std::string& url, const OpenOptions& options,
                                      Clock& clock) {
  const BucketLocation location = parse_bucket_url(url);
  const std::string emulator = options.environment.get("STORAGE_EMULATOR_HOST").value_or("");
  auto transport =
      std::make_unique<http::CurlTransport>(http::settings_from(options.environment), options.stop);
  const http::Client::Options client_options{options.policy, options.logger, options.stop,
                                             options.counters};
  if (!emulator.empty()) {
    return std::make_unique<GcsStore>(
        location, GcsApi(emulator_endpoint(emulator), location.bucket, "anybody"),
        http::Client(std::move(transport), std::make_unique<GcsService>(nullptr), clock,
                     client_options));
  }
  GoogleIdentity identity = find_google_identity(options, clock);
  return std::make_unique<GcsStore>(
      location, GcsApi(kEndpoint, location.bucket, identity.account),
      http::Client(std::move(transport), std::make_unique<GcsService>(std::move(identity.tokens)),
                   clock, client_options));
}

}  // namespace temper::storage
