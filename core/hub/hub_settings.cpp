#include "core/hub/hub_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

#include "core/base/error.h"
#include "core/http/url.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;

std::string stripped(std::string text) {
  const auto is_space = [](unsigned char letter) { return std::isspace(letter) != 0; };
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), is_space));
  text.erase(std::find_if_not(text.rbegin(), text.rend(), is_space).base(), text.end());
  return text;
}

std::string value_of(const Environment& environment, std::string_view name) {
  return stripped(environment.get(name).value_or(""));
}

bool is_true(std::string value) {
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

/// "~/x" and "~" as Python's expanduser has them.
fs::path expanded(const std::string& path, const Environment& environment) {
  const std::string home = value_of(environment, "HOME");
  if (!home.empty() && (path == "~" || path.starts_with("~/"))) {
    return home + path.substr(1);
  }
  return path;
}

fs::path home_of(const Environment& environment) {
  if (const std::string home = value_of(environment, "HF_HOME"); !home.empty()) {
    return expanded(home, environment);
  }
  if (const std::string cache = value_of(environment, "XDG_CACHE_HOME"); !cache.empty()) {
    return expanded(cache, environment) / "huggingface";
  }
  if (const std::string home = value_of(environment, "HOME"); !home.empty()) {
    return fs::path(home) / ".cache/huggingface";
  }
  throw UserError(
      "no place for what comes from the Hub: none of HF_HOME, XDG_CACHE_HOME and HOME is set; set "
      "HF_HOME to a folder with room");
}

std::string endpoint_of(const Environment& environment, const std::string& otherwise) {
  const std::string endpoint = value_of(environment, "HF_ENDPOINT");
  if (endpoint.empty()) {
    return otherwise;
  }
  if (!endpoint.starts_with("https://") && !endpoint.starts_with("http://")) {
    throw UserError(
        fmt::format("HF_ENDPOINT is '{}', which is no http:// or https:// URL; {} is the default",
                    endpoint, otherwise));
  }
  return http::without_last_slashes(endpoint);
}

Token token_of(const Environment& environment, const fs::path& home) {
  if (std::string token = value_of(environment, "HF_TOKEN"); !token.empty()) {
    return {std::move(token), "HF_TOKEN"};
  }
  const std::string named = value_of(environment, "HF_TOKEN_PATH");
  const fs::path path = named.empty() ? home / "token" : expanded(named, environment);
  std::ifstream file(path, std::ios::binary);
  std::string token = stripped({std::istreambuf_iterator<char>(file), {}});
  return token.empty() ? Token() : Token(std::move(token), path.string());
}

}  // namespace

Token::Token(std::string value, std::string source)
    : value_(std::move(value)), source_(std::move(source)) {
  const bool is_plain = std::all_of(value_.begin(), value_.end(),
                                    [](char letter) { return letter > ' ' && letter < '\x7f'; });
  if (!is_plain) {
    throw UserError(fmt::format(
        "{}: holds no token: there are spaces or other characters in it that a token never has; "
        "make one at https://huggingface.co/settings/tokens",
        source_));
  }
}

HubSettings hub_settings_from(const Environment& environment) {
  HubSettings settings;
  const fs::path home = home_of(environment);
  settings.endpoint = endpoint_of(environment, settings.endpoint);
  settings.token = token_of(environment, home);
  const std::string cache = value_of(environment, "HF_HUB_CACHE");
  settings.cache = fs::absolute(cache.empty() ? home / "hub" : expanded(cache, environment));
  settings.offline = is_true(value_of(environment, "HF_HUB_OFFLINE")) ||
                     is_true(value_of(environment, "TRANSFORMERS_OFFLINE"));
  return settings;
}

std::string asker(const HubSettings& settings) {
  return settings.token.empty() ? "without a token"
                                : fmt::format("with the token of {}", settings.token.source());
}

}  // namespace temper::hub
