#include "core/hub/open_hub.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/http/curl_transport.h"
#include "core/http/http_settings.h"
#include "core/hub/hub_service.h"

namespace temper::hub {
namespace {

/// A little more than the window of the Hub's rate limit.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(330);

}  // namespace

HubApi open_hub(HubSettings settings, const storage::OpenOptions& options, Clock& clock) {
  auto transport =
      std::make_unique<http::CurlTransport>(http::settings_from(options.environment), options.stop);
  auto service = std::make_unique<HubService>(settings);
  http::Client::Options client_options{options.policy, options.logger, options.stop,
                                       options.counters};
  if (client_options.policy.patience == http::RetryPolicy{}.patience) {
    client_options.policy.patience = kPatience;
  }
  return {std::move(settings),
          http::Client(std::move(transport), std::move(service), clock, std::move(client_options))};
}

HubApi open_hub(const storage::OpenOptions& options, Clock& clock) {
  return open_hub(hub_settings_from(options.environment), options, clock);
}

}  // namespace temper::hub
