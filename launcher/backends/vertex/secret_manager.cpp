#include "launcher/backends/vertex/secret_manager.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/http/url.h"
#include "launcher/backends/vertex/google_services.h"

namespace temper::launch {
namespace {

constexpr std::size_t kMaxSecretBytes = 64U << 10U;

}  // namespace

std::string parse_secret(const std::string& variable, std::string_view json) {
  const auto answer = nlohmann::json::parse(json, nullptr, false);
  const nlohmann::json::json_pointer data("/payload/data");
  std::string secret;
  const bool holds_text =
      answer.is_object() && answer.contains(data) && answer.at(data).is_string();
  if (!holds_text || !http::decode_base64(answer.at(data).get_ref<const std::string&>(), secret) ||
      secret.size() > kMaxSecretBytes) {
    throw UserError(fmt::format("secrets.{}: Secret Manager's answer holds no secret", variable));
  }
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) {
    secret.pop_back();
  }
  return secret;
}

std::map<std::string, std::string> fetch_secrets(
    const recipe::Vertex& vertex, const http::Client& client,
    const std::map<std::string, std::string>& versions) {
  std::map<std::string, std::string> secrets;
  for (const auto& [variable, version] : versions) {
    const std::string action = fmt::format("read secrets.{} ({})", variable, version);
    const std::string url = fmt::format("{}/v1/{}:access", google_endpoint(vertex, "secretmanager"),
                                        http::percent_encode(version, /*keep_slashes=*/true));
    secrets[variable] = parse_secret(
        variable,
        good_body(client, action, client.send(action, http::Idempotency::kAlways, {.url = url})));
  }
  return secrets;
}

}  // namespace temper::launch
