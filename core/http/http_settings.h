#pragma once

#include <string>

#include "core/base/environment.h"

namespace temper::http {

/// How the outside is reached, as the environment says. Empty: none, or the system's.
struct Settings {
  std::string http_proxy = {};   ///< http_proxy (lower case only, as everybody does since httpoxy)
  std::string https_proxy = {};  ///< https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY
  std::string no_proxy = {};     ///< no_proxy, NO_PROXY: hosts that are reached directly
  std::string ca_file = {};    ///< CURL_CA_BUNDLE, SSL_CERT_FILE, REQUESTS_CA_BUNDLE, AWS_CA_BUNDLE
  std::string ca_folder = {};  ///< SSL_CERT_DIR
};

Settings settings_from(const Environment& environment);

}  // namespace temper::http
