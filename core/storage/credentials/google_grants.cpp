// The ways to a token (google-auth: oauth2/_client.py, compute_engine/_metadata.py,
// identity_pool.py, impersonated_credentials.py).

#include "core/storage/credentials/google_grants.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/http/url.h"
#include "core/storage/credentials/jwt.h"
#include "core/storage/credentials/plain_client.h"
#include "core/storage/gcs/gcs_resource.h"

namespace temper::storage {
namespace {

using Json = nlohmann::json;
using Kind = StorageError::Kind;
using std::chrono::seconds;

constexpr const char* kScope = "https://www.googleapis.com/auth/devstorage.read_write";
constexpr const char* kTokenUrl = "https://oauth2.googleapis.com/token";
constexpr seconds kPatience{60};
constexpr seconds kMetadataPatience{10};
constexpr std::chrono::minutes kMaxSkew{5};

/// The services' answers count as ours to refuse, not as bugs.
[[noreturn]] void fail(const std::string& origin, const http::Response& response, Clock& clock) {
  const std::string why = error_reason(response.body);
  std::string way_out = "Log in again (gcloud auth application-default login) or get a new key";
  if (const auto theirs = http::date_of(response)) {
    const auto ahead = std::chrono::duration_cast<std::chrono::minutes>(clock.now() - *theirs);
    if (ahead > kMaxSkew || ahead < -kMaxSkew) {
      way_out = fmt::format("This machine's clock is {} minutes {} the service's; set it right",
                            std::abs(ahead.count()), ahead.count() > 0 ? "ahead of" : "behind");
    }
  }
  const Kind kind =
      response.status >= 500 || response.status == 429 ? Kind::kUnavailable : Kind::kPermission;
  throw StorageError(
      kind, fmt::format("{}: no token for these credentials: HTTP status {}{}{}. {}", origin,
                        response.status, why.empty() ? "" : ": ", why, way_out));
}

/// Of an OAuth 2 token endpoint (RFC 6749, 5.1).
AccessToken parse_token(const http::Response& response, const std::string& origin, Clock& clock) {
  const Json json = Json::parse(response.body, nullptr, false);
  const bool is_token = response.ok() && json.is_object() && json.contains("access_token") &&
                        json["access_token"].is_string();
  if (!is_token) {
    fail(origin, response, clock);
  }
  AccessToken token{json["access_token"].get<std::string>(), {}};
  if (json.contains("expires_in") && json["expires_in"].is_number()) {
    token.expiry = clock.now() + seconds(json["expires_in"].get<std::int64_t>());
  }
  return token;
}

/// Token endpoints are asked by posting a form or JSON; asking twice does no harm.
http::Response post(const http::Client& client, const std::string& origin, const std::string& url,
                    const std::string& type, const std::string& body, http::Headers headers = {}) {
  headers.set("Content-Type", type);
  return client.send("get a token for " + origin, http::Idempotency::kAlways,
                     {.method = "POST",
                      .url = url,
                      .headers = std::move(headers),
                      .body = std::as_bytes(std::span(body))});
}

std::shared_ptr<http::Client> shared_client(const OpenOptions& options, Clock& clock,
                                            seconds patience) {
  return std::make_shared<http::Client>(plain_client(options, clock, patience));
}

constexpr const char* kForm = "application/x-www-form-urlencoded";

/// Where an external account's own token is: a file or a URL, as text or in a JSON field.
std::string read_subject_token(const Json& source, const std::string& origin,
                               const http::Client& client) {
  std::string text;
  if (source.contains("file")) {
    text = read_credential_file(credential_field(source, "file", origin),
                                "credential_source of " + origin);
  } else if (source.contains("url")) {
    http::Request request{.url = credential_field(source, "url", origin)};
    if (const auto headers = source.find("headers"); headers != source.end()) {
      for (const auto& [name, value] : headers->items()) {
        request.headers.set(name, value.is_string() ? value.get<std::string>() : "");
      }
    }
    const http::Response response =
        client.send("get the subject token of " + origin, http::Idempotency::kAlways, request);
    if (!response.ok()) {
      throw StorageError(Kind::kPermission,
                         fmt::format("{}: its credential_source answers with HTTP status {}",
                                     origin, response.status));
    }
    text = response.body;
  } else {
    throw UserError(origin +
                    ": credential_source has neither a file nor a url; Temper knows no "
                    "other kind");
  }
  const Json format = source.value("format", Json::object());
  if (format.value("type", "text") == "json") {
    return credential_field(Json::parse(text, nullptr, false),
                            credential_field(format, "subject_token_field_name", origin).c_str(),
                            origin);
  }
  text.erase(text.find_last_not_of(" \r\n\t") + 1);
  return text;
}

}  // namespace

std::string credential_field(const Json& file, const char* name, const std::string& origin) {
  const auto found = file.find(name);
  if (!file.is_object() || found == file.end() || !found->is_string()) {
    throw UserError(fmt::format("{}: has no text field '{}'; is it a credentials file of Google?",
                                origin, name));
  }
  return found->get<std::string>();
}

TokenFetch service_account_grant(const Json& file, const std::string& origin,
                                 const OpenOptions& options, Clock& clock) {
  const std::string email = credential_field(file, "client_email", origin);
  const std::string key = credential_field(file, "private_key", origin);
  const std::string url = file.value("token_uri", kTokenUrl);
  const std::string header =
      Json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", file.value("private_key_id", "")}}.dump();
  return [=, client = shared_client(options, clock, kPatience), &clock] {
    const std::int64_t now = std::chrono::system_clock::to_time_t(clock.now());
    const Json claims = {
        {"iss", email}, {"scope", kScope}, {"aud", url}, {"iat", now}, {"exp", now + 3600}};
    const std::string body =
        http::form_body({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                         {"assertion", sign_jwt(header, claims.dump(), key, origin)}});
    return parse_token(post(*client, origin, url, kForm, body), origin, clock);
  };
}

TokenFetch authorized_user_grant(const Json& file, const std::string& origin,
                                 const OpenOptions& options, Clock& clock) {
  const std::string body =
      http::form_body({{"grant_type", "refresh_token"},
                       {"client_id", credential_field(file, "client_id", origin)},
                       {"client_secret", credential_field(file, "client_secret", origin)},
                       {"refresh_token", credential_field(file, "refresh_token", origin)}});
  const std::string url = file.value("token_uri", kTokenUrl);
  return [=, client = shared_client(options, clock, kPatience), &clock] {
    return parse_token(post(*client, origin, url, kForm, body), origin, clock);
  };
}

TokenFetch external_account_grant(const Json& file, const std::string& origin,
                                  const OpenOptions& options, Clock& clock) {
  const std::string url = credential_field(file, "token_url", origin);
  const std::string audience = credential_field(file, "audience", origin);
  const std::string type = credential_field(file, "subject_token_type", origin);
  const Json source = file.value("credential_source", Json::object());
  TokenFetch exchange = [=, client = shared_client(options, clock, kPatience), &clock] {
    const std::string body =
        http::form_body({{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                         {"audience", audience},
                         {"scope", "https://www.googleapis.com/auth/cloud-platform"},
                         {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                         {"subject_token", read_subject_token(source, origin, *client)},
                         {"subject_token_type", type}});
    return parse_token(post(*client, origin, url, kForm, body), origin, clock);
  };
  const std::string impersonate = file.value("service_account_impersonation_url", "");
  return impersonate.empty() ? exchange
                             : impersonation_grant(impersonate, exchange, options, clock);
}

TokenFetch impersonation_grant(const std::string& url, const TokenFetch& source,
                               const OpenOptions& options, Clock& clock) {
  return [=, client = shared_client(options, clock, kPatience), &clock] {
    const std::string body = Json{{"scope", {kScope}}, {"lifetime", "3600s"}}.dump();
    const std::string origin = "the impersonated service account";
    const http::Response response = post(*client, origin, url, "application/json", body,
                                         {{"Authorization", "Bearer " + source().token}});
    const Json json = Json::parse(response.body, nullptr, false);
    if (!response.ok() || !json.is_object()) {
      fail(origin, response, clock);
    }
    return AccessToken{credential_field(json, "accessToken", origin),
                       parse_rfc3339(credential_field(json, "expireTime", origin))};
  };
}

TokenFetch metadata_grant(const OpenOptions& options, Clock& clock) {
  const std::string host =
      options.environment.get("GCE_METADATA_HOST").value_or("metadata.google.internal");
  const std::string url =
      fmt::format("http://{}/computeMetadata/v1/instance/service-accounts/default/token", host);
  const bool disabled = options.environment.get("NO_GCE_CHECK") == "true";
  return [=, client = shared_client(options, clock, kMetadataPatience), &clock] {
    const std::string origin = "this machine's service account";
    http::Request request{.url = url, .headers = {{"Metadata-Flavor", "Google"}}};
    request.past_proxy = true;
    request.connect_timeout = seconds(3);
    try {
      if (disabled) {
        throw RetryableError("NO_GCE_CHECK is true");
      }
      const http::Response response =
          client->send("get a token for " + origin, http::Idempotency::kAlways, request);
      if (response.headers.get("Metadata-Flavor") != "Google") {
        throw RetryableError(host + " is no metadata server of Google");
      }
      return parse_token(response, origin, clock);
    } catch (const RetryableError& error) {
      throw StorageError(
          Kind::kPermission,
          fmt::format("no credentials for Google Cloud: GOOGLE_APPLICATION_CREDENTIALS is not set, "
                      "gcloud's application_default_credentials.json is not there, and the "
                      "metadata server is not reached ({}). Run gcloud auth application-default "
                      "login, or set GOOGLE_APPLICATION_CREDENTIALS",
                      error.what()));
    }
  };
}

}  // namespace temper::storage
