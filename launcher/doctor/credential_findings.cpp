#include "launcher/doctor/credential_findings.h"

#include <fmt/format.h>

#include <functional>
#include <string>

#include "core/base/error.h"
#include "core/hub/hub_settings.h"
#include "core/storage/credentials/aws_profile.h"
#include "core/storage/credentials/google_credentials.h"

namespace temper::launch {
namespace {

using State = Finding::State;

bool is_set(const Environment& environment, const char* name) {
  return !environment.get(name).value_or("").empty();
}

Finding google(const Environment& environment, Clock& clock) {
  storage::OpenOptions options;
  options.environment = environment;
  const std::string file = storage::google_credentials_file(environment);
  if (file.empty()) {
    return {"Google Cloud", State::kAbsent,
            "no file; on its machines their service account is asked",
            "gs:// and kind: vertex need credentials: gcloud auth application-default login, or "
            "GOOGLE_APPLICATION_CREDENTIALS"};
  }
  return {"Google Cloud", State::kOk,
          fmt::format("{} ({})", storage::find_google_identity(options, clock).account, file), ""};
}

Finding amazon(const Environment& environment) {
  const auto found = [](const std::string& where) { return Finding{"S3", State::kOk, where, ""}; };
  if (is_set(environment, "AWS_ACCESS_KEY_ID") && is_set(environment, "AWS_SECRET_ACCESS_KEY")) {
    return found("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
  const storage::AwsProfile profile = storage::load_aws_profile(environment);
  const std::string name = storage::aws_profile_name(environment);
  if (profile.contains("aws_access_key_id")) {
    return found(fmt::format("keys of the profile '{}'", name));
  }
  if ((is_set(environment, "AWS_WEB_IDENTITY_TOKEN_FILE") && is_set(environment, "AWS_ROLE_ARN")) ||
      profile.contains("web_identity_token_file")) {
    return found("a web identity");
  }
  if (is_set(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
      is_set(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    return found("this container's role");
  }
  return {"S3", State::kAbsent, "no keys; on its machines their role is asked",
          "s3:// needs credentials: aws configure, or AWS_ACCESS_KEY_ID and "
          "AWS_SECRET_ACCESS_KEY"};
}

Finding hub(const Environment& environment) {
  const hub::HubSettings settings = hub::hub_settings_from(environment);
  const std::string where = settings.offline ? "offline (HF_HUB_OFFLINE)" : settings.endpoint;
  if (settings.token.empty()) {
    return {"Hugging Face Hub", State::kAbsent, fmt::format("{}, no token", where),
            "gated models and pushes need one: HF_TOKEN, or the file that `hf auth login` writes"};
  }
  return {"Hugging Face Hub", State::kOk,
          fmt::format("{}, token of {}", where, settings.token.source()), ""};
}

}  // namespace

std::vector<Finding> credential_findings(const Environment& environment, Clock& clock) {
  std::vector<Finding> findings;
  const auto look = [&](const char* what, const std::function<Finding()>& at) {
    try {
      findings.push_back(at());
    } catch (const Error& error) {
      findings.push_back({what, State::kWarning, error.what(), "mend or remove them"});
    }
  };
  look("Google Cloud", [&] { return google(environment, clock); });
  look("S3", [&] { return amazon(environment); });
  look("Hugging Face Hub", [&] { return hub(environment); });
  return findings;
}

}  // namespace temper::launch
