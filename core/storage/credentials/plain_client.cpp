#include "core/storage/credentials/plain_client.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/base/error.h"
#include "core/http/curl_transport.h"
#include "core/http/http_settings.h"
#include "core/storage/gcs/gcs_resource.h"
#include "core/storage/s3/s3_xml.h"

namespace temper::storage {
namespace {

class PlainService final : public http::Service {
 public:
  void authorize(http::Request&) override {}
  bool learn_from(const http::Request&, const http::Response&) override { return false; }
  std::string reason(const http::Response& response) const override {
    const std::string why = error_reason(response.body);
    return why.empty() ? parse_s3_error(response.body).code : why;
  }
};

}  // namespace

http::Client plain_client(const OpenOptions& options, Clock& clock,
                          std::chrono::milliseconds patience) {
  http::RetryPolicy policy = options.policy;
  policy.patience = std::min(policy.patience, patience);
  return {
      std::make_unique<http::CurlTransport>(http::settings_from(options.environment), options.stop),
      std::make_unique<PlainService>(),
      clock,
      {policy, options.logger, options.stop}};
}

std::string read_credential_file(const std::string& path, const std::string& purpose) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    throw UserError(fmt::format("cannot read {} ({}): {}", path, purpose, std::strerror(errno)));
  }
  return text;
}

}  // namespace temper::storage
