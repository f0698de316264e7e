#include "core/http/http_settings.h"

#include <initializer_list>
#include <string_view>

namespace temper::http {
namespace {

std::string first_of(const Environment& environment,
                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (auto value = environment.get(name); value && !value->empty()) {
      return *value;
    }
  }
  return "";
}

}  // namespace

Settings settings_from(const Environment& environment) {
  return {
      .http_proxy = first_of(environment, {"http_proxy", "all_proxy", "ALL_PROXY"}),
      .https_proxy =
          first_of(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
      .no_proxy = first_of(environment, {"no_proxy", "NO_PROXY"}),
      .ca_file = first_of(
          environment, {"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"}),
      .ca_folder = first_of(environment, {"SSL_CERT_DIR"}),
  };
}

}  // namespace temper::http
