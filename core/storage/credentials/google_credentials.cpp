#include "core/storage/credentials/google_credentials.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/storage/credentials/google_grants.h"
#include "core/storage/credentials/plain_client.h"

namespace temper::storage {
namespace {

using Json = nlohmann::json;

struct Grant {
  TokenFetch fetch;
  std::string account;
};

Grant grant_of(const Json& file, const std::string& origin, const OpenOptions& options,
               Clock& clock) {
  const std::string type = credential_field(file, "type", origin);
  if (type == "service_account") {
    return {service_account_grant(file, origin, options, clock),
            credential_field(file, "client_email", origin)};
  }
  if (type == "authorized_user") {
    return {authorized_user_grant(file, origin, options, clock),
            file.value("account", "the user of " + origin)};
  }
  if (type == "external_account") {
    return {external_account_grant(file, origin, options, clock), "the account of " + origin};
  }
  if (type == "impersonated_service_account") {
    const auto source = file.find("source_credentials");
    if (source == file.end()) {
      throw UserError(origin + ": has no source_credentials");
    }
    return {impersonation_grant(credential_field(file, "service_account_impersonation_url", origin),
                                grant_of(*source, origin, options, clock).fetch, options, clock),
            "the service account that " + origin + " impersonates"};
  }
  throw UserError(fmt::format(
      "{}: credentials of type '{}' are not known; Temper reads service_account, authorized_user, "
      "external_account and impersonated_service_account",
      origin, type));
}

}  // namespace

std::string google_credentials_file(const Environment& environment) {
  if (const auto named = environment.get("GOOGLE_APPLICATION_CREDENTIALS");
      named && !named->empty()) {
    return *named;
  }
  std::filesystem::path folder = environment.get("CLOUDSDK_CONFIG").value_or("");
  if (folder.empty()) {
    const std::string home = environment.get("HOME").value_or("");
    if (home.empty()) {
      return "";
    }
    folder = std::filesystem::path(home) / ".config" / "gcloud";
  }
  const std::filesystem::path file = folder / "application_default_credentials.json";
  std::error_code ignored;
  return std::filesystem::exists(file, ignored) ? file.string() : "";
}

GoogleIdentity find_google_identity(const OpenOptions& options, Clock& clock) {
  const std::string path = google_credentials_file(options.environment);
  Grant grant;
  if (path.empty()) {
    grant = {metadata_grant(options, clock), "this machine's service account"};
  } else {
    const Json file =
        Json::parse(read_credential_file(path, "credentials for Google Cloud"), nullptr, false);
    if (!file.is_object()) {
      throw UserError(path + ": is no JSON object; it should be a credentials file of Google");
    }
    grant = grant_of(file, path, options, clock);
  }
  return {std::make_unique<RefreshingToken>(std::move(grant.fetch), clock),
          std::move(grant.account)};
}

}  // namespace temper::storage
