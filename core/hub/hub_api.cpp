#include "core/hub/hub_api.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/hub/hub_service.h"

namespace temper::hub {
namespace {

using Kind = HubError::Kind;

constexpr int kMaxRedirects = 4;
constexpr std::string_view kTokenPage = "settings/tokens";

/// The Hub answers 401 both to a wrong token and to a missing repository.
bool is_about_the_token(const http::Response& response) {
  const std::string message = error_message(response);
  return message.find("Invalid credentials") != std::string::npos ||
         message.find("Invalid username or password") != std::string::npos ||
         message.find("expired") != std::string::npos;
}

Kind kind_of(const Question& question, const http::Response& response) {
  const std::string code = response.headers.get("X-Error-Code").value_or("");
  if (code == "RevisionNotFound") {
    return Kind::kNoRevision;
  }
  if (code == "EntryNotFound") {
    return Kind::kNoEntry;
  }
  if (code == "GatedRepo") {
    return Kind::kGated;
  }
  if (code == "RepoNotFound") {
    return Kind::kNoRepository;
  }
  switch (response.status) {
    case 401:
      if (is_about_the_token(response)) {
        return Kind::kTokenRefused;
      }
      return question.place ? Kind::kNoRepository : Kind::kTokenRefused;
    case 403:
      return Kind::kForbidden;
    case 404:
      return Kind::kNoEntry;
    case 409:
    case 412:
      return Kind::kConflict;
    case 413:
      return Kind::kTooLarge;
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return Kind::kUnavailable;
    default:
      return Kind::kRefused;
  }
}

/// What stands behind "cannot <action>: ".
std::string explanation(Kind kind, const Question& question, const HubSettings& settings) {
  const HubLocation place = question.place.value_or(HubLocation{});
  const std::string page = settings.endpoint + place.repository.web_path();
  const std::string tokens = fmt::format("{}/{}", settings.endpoint, kTokenPage);
  const bool has_token = !settings.token.empty();
  switch (kind) {
    case Kind::kNoRepository:
      return fmt::format(
          "{} has no {} '{}', or {}. Is the name spelled as at {}?", settings.endpoint,
          place.repository.noun(), place.repository.name,
          has_token ? fmt::format("the token of {} may not see it", settings.token.source())
                    : fmt::format("it is private and there is no token (set HF_TOKEN to one of {})",
                                  tokens),
          page);
    case Kind::kNoRevision:
      return fmt::format("'{}' has no branch, tag or commit '{}'. {}/branches shows those it has",
                         place.repository.name, place.revision_or_main(), page);
    case Kind::kNoEntry:
      return fmt::format("there is no '{}' in revision '{}'. {}/tree/{} shows what there is",
                         place.path, place.revision_or_main(), page, place.revision_or_main());
    case Kind::kGated:
      return fmt::format(
          "the {} is gated: accept its conditions at {} in a browser, {}", place.repository.noun(),
          page,
          has_token
              ? fmt::format("as the owner of the token of {}, and wait if the authors approve by "
                            "hand",
                            settings.token.source())
              : fmt::format("then set HF_TOKEN to a token of the same account ({})", tokens));
    case Kind::kNoToken:
      return fmt::format("this needs a token: make one at {} and set HF_TOKEN", tokens);
    case Kind::kTokenRefused:
      return has_token ? fmt::format(
                             "the token of {} is refused: it is wrong, expired or revoked. "
                             "Make another at {}",
                             settings.token.source(), tokens)
                       : fmt::format("this needs a token: make one at {} and set HF_TOKEN", tokens);
    case Kind::kForbidden:
      return fmt::format(
          "not allowed {}. Use one that has the right (read, or write for pushing) for '{}': {}",
          asker(settings), place.repository.name, tokens);
    case Kind::kConflict:
      return "it is there already, or somebody changed it meanwhile; look at " + page;
    case Kind::kTooLarge:
      return "too large for the Hub; it takes files up to 500 GB through LFS and small ones "
             "directly";
    case Kind::kUnavailable:
      return fmt::format("{} has a problem; try again later", settings.endpoint);
    case Kind::kRefused:
    case Kind::kOffline:
    case Kind::kNoSpace:
    case Kind::kDamaged:
      break;
  }
  return fmt::format("{} does not do this {}", settings.endpoint, asker(settings));
}

}  // namespace

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string redirect_target(const std::string& base, const std::string& location) {
  const bool is_absolute = location.starts_with("http://") || location.starts_with("https://");
  if (is_absolute) {
    const bool is_downgrade = base.starts_with("https://") && location.starts_with("http://");
    return is_downgrade ? "" : location;
  }
  const std::size_t scheme = base.find("://");
  if (location.starts_with("//")) {
    return base.substr(0, scheme + 1) + location;
  }
  if (location.starts_with('/')) {
    return base.substr(0, base.find('/', scheme + 3)) + location;
  }
  return "";
}

HubApi::HubApi(HubSettings settings, http::Client client)
    : settings_(std::move(settings)), client_(std::move(client)) {}

http::Response HubApi::ask_any(const Question& question, http::Idempotency idempotency,
                               const http::Request& request) const {
  if (settings_.offline) {
    throw HubError(Kind::kOffline,
                   fmt::format("cannot {}: HF_HUB_OFFLINE is set, so {} is not asked; unset it, or "
                               "fetch on a machine that is online and copy {}",
                               question.action, settings_.endpoint, settings_.cache.string()));
  }
  try {
    return client_.send(question.action, idempotency, request);
  } catch (const http::TransportError&) {
    throw;  // only for kNever: the caller finds out what became of it
  } catch (const RetryableError& error) {
    throw HubError(Kind::kUnavailable, error.what());
  }
}

http::Response HubApi::ask(const Question& question, http::Idempotency idempotency,
                           const http::Request& request) const {
  http::Request next = request;
  http::Response response = ask_any(question, idempotency, next);
  for (int i = 0; i < kMaxRedirects && request.method == "GET" && is_redirect(response.status);
       ++i) {
    next.url = redirect_target(next.url, response.headers.get("Location").value_or(""));
    if (next.url.empty() || origin_of(next.url) != origin_of(request.url)) {
      break;
    }
    response = ask_any(question, idempotency, next);
  }
  if (!response.ok()) {
    throw failure(question, response);
  }
  return response;
}

HubError HubApi::failure(const Question& question, const http::Response& response) const {
  Kind kind = kind_of(question, response);
  if (kind == Kind::kTokenRefused && settings_.token.empty()) {
    kind = Kind::kNoToken;
  }
  return {kind, fmt::format("cannot {}: {} ({})", question.action,
                            explanation(kind, question, settings_), client_.describe(response))};
}

nlohmann::json HubApi::parse(const Question& question, std::string_view body) {
  nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() && !json.is_array()) {
    throw HubError(Kind::kUnavailable,
                   fmt::format("cannot {}: the answer is no JSON; is HF_ENDPOINT a Hub, and no "
                               "proxy's page in the way?",
                               question.action));
  }
  return json;
}

}  // namespace temper::hub
