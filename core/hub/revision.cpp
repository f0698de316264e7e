#include "core/hub/revision.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/http/url.h"

namespace temper::hub {

std::string resolve_commit(const HubApi& api, const HubLocation& location) {
  if (is_commit(location.revision)) {
    return location.revision;
  }
  const Question question{"look up " + location.url(), location};
  http::Request request;
  request.url = api.url(location.repository.api_path() + "/revision/" +
                        http::percent_encode(location.revision_or_main()));
  const http::Response response = api.ask(question, http::Idempotency::kAlways, request);
  const nlohmann::json info = HubApi::parse(question, response.body);
  const auto commit = info.find("sha");
  if (!info.is_object() || commit == info.end() || !commit->is_string() ||
      !is_commit(commit->get<std::string>())) {
    throw HubError(HubError::Kind::kUnavailable,
                   fmt::format("cannot {}: the answer names no commit", question.action));
  }
  return commit->get<std::string>();
}

}  // namespace temper::hub
