#include "core/hub/identity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace temper::hub {
namespace {

using Json = nlohmann::json;
using Kind = HubError::Kind;

std::string text_of(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_string()
             ? found->get<std::string>()
             : "";
}

std::string tokens_page(const HubApi& api) {
  return api.settings().endpoint + "/settings/tokens";
}

std::string role_of(const Json& answer) {
  const auto auth = answer.find("auth");
  if (auth == answer.end() || !auth->is_object() || !auth->contains("accessToken")) {
    return "";
  }
  return text_of((*auth)["accessToken"], "role");
}

}  // namespace

bool Identity::is_member_of(const std::string& owner) const {
  return owner == user || std::ranges::count(organizations, owner) > 0;
}

Identity ask_identity(const HubApi& api) {
  const Question question{"ask who the token belongs to"};
  if (api.settings().token.empty()) {
    throw HubError(Kind::kNoToken,
                   fmt::format("cannot {}: there is none. Make one at {} and set HF_TOKEN",
                               question.action, tokens_page(api)));
  }
  const Json answer = HubApi::parse(
      question,
      api.ask(question, http::Idempotency::kAlways, {.url = api.url("/api/whoami-v2")}).body);
  Identity identity{text_of(answer, "name"), "", {}};
  if (identity.user.empty()) {
    throw HubError(Kind::kUnavailable,
                   fmt::format("cannot {}: the answer has no name", question.action));
  }
  identity.role = role_of(answer);
  if (const auto organizations = answer.find("orgs");
      organizations != answer.end() && organizations->is_array()) {
    for (const Json& organization : *organizations) {
      identity.organizations.push_back(text_of(organization, "name"));
    }
  }
  return identity;
}

void check_push_target(const HubApi& api, const std::string& repository) {
  check_repository_name(repository, "publish.hub");
  const Identity identity = ask_identity(api);
  const std::string what = fmt::format("the run could not be pushed to hf://{}", repository);
  if (identity.role == "read") {
    throw HubError(
        Kind::kForbidden,
        fmt::format("{}: the token of {} ({}) may only read. Make one with the right to "
                    "write at {}",
                    what, api.settings().token.source(), identity.user, tokens_page(api)));
  }
  const std::string owner = repository.substr(0, repository.find('/'));
  if (!identity.is_member_of(owner)) {
    throw HubError(
        Kind::kForbidden,
        fmt::format("{}: '{}' is neither the user of the token of {} ({}) nor an organization of "
                    "theirs ({}); correct publish.hub or use another token",
                    what, owner, api.settings().token.source(), identity.user,
                    identity.organizations.empty()
                        ? "none"
                        : fmt::format("{}", fmt::join(identity.organizations, ", "))));
  }
}

}  // namespace temper::hub
