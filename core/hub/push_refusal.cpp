#include "core/hub/push_refusal.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "core/hub/identity.h"

namespace temper::hub {
namespace {

using Kind = HubError::Kind;

/// nullopt if that can't be found out: the refusal itself is still to be told.
std::optional<Identity> known_identity(const HubApi& api) {
  try {
    return ask_identity(api);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool may_be_about_rights(Kind kind) {
  return kind == Kind::kForbidden || kind == Kind::kNoRepository || kind == Kind::kTokenRefused ||
         kind == Kind::kNoToken || kind == Kind::kGated;
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
  const std::optional<Identity> identity = known_identity(api);
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
  if (!identity->is_member_of(owner)) {
    return {
        Kind::kForbidden,
        fmt::format("{}: the token of {} belongs to {}, who is not {} nor a member of it. Push "
                    "to {}/…, use a token of a member, or open a pull request (publish.create_pr)",
                    what, api.settings().token.source(), identity->user, owner, identity->user)};
  }
  return error;
}

}  // namespace temper::hub
