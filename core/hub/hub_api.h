#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/http_client.h"
#include "core/hub/hub_error.h"
#include "core/hub/hub_settings.h"
#include "core/hub/repository_name.h"

namespace temper::hub {

/// What is asked of the Hub, for messages and for telling what a refusal means.
struct Question {
  std::string action;  ///< "list hf://org/name@main", to stand behind "cannot"
  std::optional<HubLocation> place = {};
};

/// The URL that `location` (of a header Location) means at `base`; "" if it is none that may be
/// followed: neither http nor https, or http where base is https.
std::string redirect_target(const std::string& base, const std::string& location);

bool is_redirect(int status);

/// Requests to the Hub: authorised, tried again, and refusals turned into HubErrors. Thread-safe.
class HubApi {
 public:
  HubApi(HubSettings settings, http::Client client);

  const HubSettings& settings() const { return settings_; }
  const http::Client& client() const { return client_; }

  /// The endpoint followed by `path`, which begins with '/' and is encoded already.
  std::string url(std::string_view path) const { return settings_.endpoint + std::string(path); }

  /// The answer, if its status is 2xx. A GET follows redirects within the endpoint (of repositories
  /// that were renamed). Else HubError by its status and X-Error-Code (failure());
  /// HubError kUnavailable when the patience of the retries is over; kOffline, without a request,
  /// if the settings are offline; http::TransportError as http::Client::send with kNever.
  http::Response ask(const Question& question, http::Idempotency idempotency,
                     const http::Request& request) const;

  /// The same, whatever the status: for those who know what to make of a 409, a 412 or a redirect.
  http::Response ask_any(const Question& question, http::Idempotency idempotency,
                         const http::Request& request) const;

  /// What a final answer that is not 2xx means.
  HubError failure(const Question& question, const http::Response& response) const;

  /// The body of an answer as a JSON object or array; HubError kUnavailable if it is neither.
  static nlohmann::json parse(const Question& question, std::string_view body);

 private:
  HubSettings settings_;
  http::Client client_;
};

}  // namespace temper::hub
