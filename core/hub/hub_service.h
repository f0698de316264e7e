#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/http_client.h"
#include "core/hub/hub_settings.h"

namespace temper::hub {

/// The Hub's way of proving who asks and of explaining itself. The token goes to the endpoint's own
/// scheme, host and port only, never to where it redirects to. Thread-safe.
class HubService final : public http::Service {
 public:
  explicit HubService(HubSettings settings);

  void authorize(http::Request& request) override;
  bool learn_from(const http::Request& request, const http::Response& refusal) override;
  std::string reason(const http::Response& response) const override;
  std::optional<std::chrono::seconds> retry_after(const http::Response& response) const override;

 private:
  const HubSettings settings_;
  const std::string origin_;
};

/// The quota of requests as a 429 tells it: `RateLimit: "api";r=0;t=55` (r left, t seconds until
/// the window ends) and `RateLimit-Policy: "fixed window";"api";q=500;w=300` (q in w seconds), as
/// draft-ietf-httpapi-ratelimit-headers has them.
struct RateLimit {
  std::string resource;  ///< "api", "resolvers", "pages"
  std::optional<std::uint32_t> remaining;
  std::optional<std::uint32_t> reset_seconds;
  std::optional<std::uint32_t> quota;
  std::optional<std::uint32_t> window_seconds;
};
RateLimit rate_limit_of(const http::Headers& headers);

/// "https://host:port" of a URL, in lower case and with the scheme's port when none is written.
std::string origin_of(std::string_view url);

/// What an answer's body or X-Error-Message says, at most 300 bytes on one line; "" if nothing.
std::string error_message(const http::Response& response);

}  // namespace temper::hub
