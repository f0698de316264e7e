#include "core/storage/credentials/aws_chain.h"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <pugixml.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/http/url.h"
#include "core/storage/credentials/plain_client.h"
#include "core/storage/s3/s3_xml.h"

namespace temper::storage {
namespace {

using Json = nlohmann::json;
using Kind = StorageError::Kind;
using std::chrono::seconds;
using Fetch = std::function<AwsCredentials()>;

constexpr seconds kPatience{60};
constexpr seconds kMetadataPatience{10};

std::string variable(const OpenOptions& options, const char* name) {
  return options.environment.get(name).value_or("");
}

/// The answer of the container's and the instance's endpoint.
AwsCredentials parse_json_credentials(const http::Response& response, const std::string& origin) {
  const Json json = Json::parse(response.body, nullptr, false);
  const auto text = [&](const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_string()
               ? json[name].get<std::string>()
               : "";
  };
  AwsCredentials credentials{text("AccessKeyId"), text("SecretAccessKey"), text("Token"),
                             parse_rfc3339(text("Expiration"))};
  if (!response.ok() || credentials.access_key_id.empty() ||
      credentials.secret_access_key.empty()) {
    throw StorageError(Kind::kPermission,
                       fmt::format("{} gives no credentials (HTTP status {}); has it a role?",
                                   origin, response.status));
  }
  return credentials;
}

Fetch web_identity(const OpenOptions& options, const std::string& token_file,
                   const std::string& role, const std::string& region, Clock& clock) {
  std::string url = variable(options, "AWS_ENDPOINT_URL_STS");
  if (url.empty()) {
    url = variable(options, "AWS_ENDPOINT_URL");
  }
  if (url.empty()) {
    url = fmt::format("https://sts.{}.amazonaws.com", region);
  }
  std::string session = variable(options, "AWS_ROLE_SESSION_NAME");
  if (session.empty()) {
    session = "temper";
  }
  auto client = std::make_shared<http::Client>(plain_client(options, clock, kPatience));
  return [=] {
    std::string token = read_credential_file(token_file, "AWS_WEB_IDENTITY_TOKEN_FILE");
    token.erase(token.find_last_not_of(" \r\n\t") + 1);
    const std::string body = http::form_body({{"Action", "AssumeRoleWithWebIdentity"},
                                              {"Version", "2011-06-15"},
                                              {"RoleArn", role},
                                              {"RoleSessionName", session},
                                              {"WebIdentityToken", token}});
    const http::Response response =
        client->send("assume the role " + role, http::Idempotency::kAlways,
                     {.method = "POST",
                      .url = url + "/",
                      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                      .body = std::as_bytes(std::span(body))});
    pugi::xml_document document;
    document.load_buffer(response.body.data(), response.body.size());
    const pugi::xml_node found = document.child("AssumeRoleWithWebIdentityResponse")
                                     .child("AssumeRoleWithWebIdentityResult")
                                     .child("Credentials");
    if (!response.ok() || !found) {
      const std::string why = document.child("ErrorResponse").child("Error").child_value("Message");
      throw StorageError(
          Kind::kPermission,
          fmt::format("cannot assume the role {} with the token in {}: HTTP status {}{}{}. Check "
                      "the role's trust policy and the service account",
                      role, token_file, response.status, why.empty() ? "" : ": ", why));
    }
    return AwsCredentials{found.child_value("AccessKeyId"), found.child_value("SecretAccessKey"),
                          found.child_value("SessionToken"),
                          parse_rfc3339(found.child_value("Expiration"))};
  };
}

/// nullopt if this is no container with an endpoint.
std::optional<Fetch> container(const OpenOptions& options, Clock& clock) {
  std::string url = variable(options, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (const std::string relative = variable(options, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
      !relative.empty()) {
    url = "http://169.254.170.2" + relative;
  }
  if (url.empty()) {
    return std::nullopt;
  }
  auto client = std::make_shared<http::Client>(plain_client(options, clock, kPatience));
  const std::string token_file = variable(options, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const std::string token = variable(options, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  return [=] {
    http::Request request{.url = url};
    request.past_proxy = true;
    // The file is rewritten as its token expires.
    std::string authorization =
        token_file.empty() ? token
                           : read_credential_file(token_file, "container authorization token");
    authorization.erase(authorization.find_last_not_of(" \r\n\t") + 1);
    if (!authorization.empty()) {
      request.headers.set("Authorization", authorization);
    }
    return parse_json_credentials(
        client->send("get the container's credentials", http::Idempotency::kAlways, request),
        "the container's credentials endpoint");
  };
}

[[noreturn]] void fail_without_credentials(std::string_view reason) {
  throw StorageError(
      Kind::kPermission,
      fmt::format("no credentials for S3: AWS_ACCESS_KEY_ID is not set, the profile has no keys, "
                  "and there is no instance metadata ({}). Run aws configure, or set "
                  "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                  reason));
}

/// Instance metadata service, version 2: a session token first.
Fetch instance(const OpenOptions& options, Clock& clock) {
  std::string base = variable(options, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty()) {
    base = "http://169.254.169.254";
  }
  base = http::without_last_slashes(base);
  const bool disabled = variable(options, "AWS_EC2_METADATA_DISABLED") == "true";
  auto client = std::make_shared<http::Client>(plain_client(options, clock, kMetadataPatience));
  return [=]() -> AwsCredentials {
    if (disabled) {
      fail_without_credentials("AWS_EC2_METADATA_DISABLED is true");
    }
    const auto ask = [&](http::Request request) {
      request.past_proxy = true;
      request.connect_timeout = seconds(2);
      return client->send("get the instance's credentials", http::Idempotency::kAlways, request);
    };
    try {
      const http::Response token =
          ask({.method = "PUT",
               .url = base + "/latest/api/token",
               .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}}});
      if (!token.ok()) {
        throw RetryableError(fmt::format("HTTP status {}", token.status));
      }
      const http::Headers headers = {{"X-aws-ec2-metadata-token", token.body}};
      const std::string roles = base + "/latest/meta-data/iam/security-credentials/";
      const http::Response role = ask({.url = roles, .headers = headers});
      const std::string name = role.body.substr(0, role.body.find_first_of("\r\n"));
      if (!role.ok() || name.empty()) {
        throw StorageError(Kind::kPermission,
                           "this instance has no IAM role; give it one, or set AWS_ACCESS_KEY_ID");
      }
      return parse_json_credentials(
          ask({.url = roles + http::percent_encode(name), .headers = headers}),
          "the instance's metadata service");
    } catch (const RetryableError& error) {
      fail_without_credentials(error.what());
    }
  };
}

AwsIdentity identity(Fetch fetch, std::string account, Clock& clock) {
  return {std::make_unique<RefreshingAwsCredentials>(std::move(fetch), clock), std::move(account)};
}

AwsIdentity keys(AwsCredentials credentials, const std::string& from, Clock& clock) {
  std::string account = fmt::format("access key {} ({})", credentials.access_key_id, from);
  return identity([credentials = std::move(credentials)] { return credentials; },
                  std::move(account), clock);
}

std::string setting(const AwsProfile& profile, const char* name) {
  const auto found = profile.find(name);
  return found == profile.end() ? "" : found->second;
}

}  // namespace

AwsIdentity find_aws_identity(const OpenOptions& options, const AwsProfile& profile,
                              const std::string& region, Clock& clock) {
  const std::string id = variable(options, "AWS_ACCESS_KEY_ID");
  const std::string secret = variable(options, "AWS_SECRET_ACCESS_KEY");
  if (!id.empty() && !secret.empty()) {
    return keys({id, secret, variable(options, "AWS_SESSION_TOKEN"), {}}, "from the environment",
                clock);
  }
  const std::string name = aws_profile_name(options.environment);
  if (!setting(profile, "aws_access_key_id").empty()) {
    return keys({setting(profile, "aws_access_key_id"),
                 setting(profile, "aws_secret_access_key"),
                 setting(profile, "aws_session_token"),
                 {}},
                "profile " + name, clock);
  }
  std::string token_file = variable(options, "AWS_WEB_IDENTITY_TOKEN_FILE");
  std::string role = variable(options, "AWS_ROLE_ARN");
  if (token_file.empty() || role.empty()) {
    token_file = setting(profile, "web_identity_token_file");
    role = setting(profile, "role_arn");
  }
  if (!token_file.empty() && !role.empty()) {
    return identity(web_identity(options, token_file, role, region, clock), "the role " + role,
                    clock);
  }
  for (const char* unknown : {"role_arn", "sso_session", "sso_start_url", "credential_process"}) {
    if (profile.contains(unknown)) {
      throw UserError(fmt::format(
          "the AWS profile '{}' uses {}, which Temper can't follow; run eval \"$(aws configure "
          "export-credentials --profile {} --format env)\" first",
          name, unknown, name));
    }
  }
  if (auto fetch = container(options, clock)) {
    return identity(std::move(*fetch), "this container's role", clock);
  }
  return identity(instance(options, clock), "this instance's role", clock);
}

}  // namespace temper::storage
