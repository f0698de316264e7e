#include "core/hub/push_refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace temper::hub {
namespace {

using Kind = HubError::Kind;
using nlohmann::json;

/// Whose token it is and what it may do, as GET /api/whoami-v2 tells.
struct Identity {
  std::string user;
  std::string role;  ///< of the token: "read", "write", "fineGrained"
  std::vector<std::string> organizations;
};

std::optional<Identity> ask_identity(const HubApi& api) {
  if (api.settings().token.empty()) {
    return std::nullopt;
  }
  try {
    const Question question{"ask who the token belongs to"};
    const json answer = HubApi::parse(
        question,
        api.ask(question, http::Idempotency::kAlways, {.url = api.url("/api/whoami-v2")}).body);
    Identity identity{answer.at("name").get<std::string>(), "", {}};
    if (const auto auth = answer.find("auth"); auth != answer.end()) {
      identity.role = auth->at("accessToken").value("role", "");
    }
    if (const auto organizations = answer.find("orgs"); organizations != answer.end()) {
      for (const json& organization : *organizations) {
        identity.organizations.push_back(organization.at("name").get<std::string>());
      }
    }
    return identity;
  } catch (const json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // the refusal itself is still to be told
  }
}

bool may_be_about_rights(Kind kind) {
  return kind == Kind::kForbidden || kind == Kind::kNoRepository || kind == Kind::kTokenRefused ||
         kind == Kind::kNoToken || kind == Kind::kGated;
}

bool is_member(const Identity& identity, const std::string& owner) {
  return owner == identity.user || std::ranges::count(identity.organizations, owner) > 0;
}

}  // namespace

HubError explain_refusal(const HubApi& api, const PushTarget& target, const HubError& error) {
  if (!may_be_about_rights(error.kind())) {
    return error;
  }
  const std::string tokens = api.settings().endpoint + "/settings/tokens";
  const std::string what = fmt::format("cannot push to hf://{}", target.repository);
  if (api.settings().token.empty()) {
    return {Kind::kNoToken,
            fmt::format("{}: there is no token, and pushing needs one. Make one with the right to "
                        "write at {} and set HF_TOKEN",
                        what, tokens)};
  }
  const std::optional<Identity> identity = ask_identity(api);
  if (!identity) {
    return error;
  }
  const std::string owner = target.repository.substr(0, target.repository.find('/'));
  if (identity->role == "read") {
    return {
        Kind::kForbidden,
        fmt::format("{}: the token of {} (of {}) may only read. Make one with the right to write "
                    "at {}, and set HF_TOKEN",
                    what, api.settings().token.source(), identity->user, tokens)};
  }
  if (!is_member(*identity, owner)) {
    return {
        Kind::kForbidden,
        fmt::format("{}: the token of {} belongs to {}, who is not {} nor a member of it. Push "
                    "to {}/…, use a token of a member, or open a pull request (publish.create_pr)",
                    what, api.settings().token.source(), identity->user, owner, identity->user)};
  }
  return error;
}

}  // namespace temper::hub
