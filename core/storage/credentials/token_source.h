#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/storage/credentials/refreshing.h"

namespace temper::storage {

/// An OAuth 2 bearer token. A secret: never in messages.
struct AccessToken {
  std::string token;
  std::optional<std::chrono::system_clock::time_point> expiry;
};

using RefreshingToken = Refreshing<AccessToken>;

}  // namespace temper::storage
