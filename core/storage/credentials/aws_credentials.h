#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/storage/credentials/refreshing.h"

namespace temper::storage {

/// Keys of an AWS identity. All but the access key id are secrets: never in messages.
struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< "": long-lived keys have none
  std::optional<std::chrono::system_clock::time_point> expiry;
};

using RefreshingAwsCredentials = Refreshing<AwsCredentials>;

}  // namespace temper::storage
