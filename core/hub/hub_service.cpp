#include "core/hub/hub_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/http/url.h"

namespace temper::hub {
namespace {

constexpr std::size_t kMaxMessageBytes = 300;
constexpr int kTooManyRequests = 429;

/// The number behind ";name=" in a structured field; nullopt if there is none.
std::optional<std::uint32_t> parameter(std::string_view field, std::string_view name) {
  const std::string key = fmt::format(";{}=", name);
  const std::size_t at = field.find(key);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  const char* const begin = field.data() + at + key.size();
  const auto [end, error] = std::from_chars(begin, field.data() + field.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

/// The text between the first two quotes.
std::string quoted_text(std::string_view field) {
  const std::size_t begin = field.find('"');
  const std::size_t end = begin == std::string_view::npos ? begin : field.find('"', begin + 1);
  return end == std::string_view::npos ? "" : std::string(field.substr(begin + 1, end - begin - 1));
}

std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

std::string rate_limit_text(const RateLimit& limit, const HubSettings& settings) {
  std::string text = "the Hub's rate limit";
  if (limit.quota && limit.window_seconds) {
    text += fmt::format(" ({} requests in {} s{})", *limit.quota, *limit.window_seconds,
                        limit.resource.empty() ? "" : " to " + limit.resource);
  }
  text += " is used up";
  if (limit.reset_seconds) {
    text += fmt::format(", more in {} s", *limit.reset_seconds);
  }
  return text + (settings.token.empty()
                     ? "; with a token (HF_TOKEN) it is higher"
                     : "; other programs with the same token or address use it too");
}

/// {"error": "…"}, {"message": "…"}, {"errors": [{"message": "…"}]}; other texts as they are.
std::string message_in(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) {
    return body.find('<') == std::string::npos ? body : "";  // no pages of HTML
  }
  for (const char* name : {"error", "message"}) {
    if (const auto found = json.find(name); found != json.end() && found->is_string()) {
      return found->get<std::string>();
    }
  }
  if (const auto errors = json.find("errors"); errors != json.end() && errors->is_array()) {
    for (const auto& error : *errors) {
      if (error.is_object() && error.contains("message") && error["message"].is_string()) {
        return error["message"].get<std::string>();
      }
    }
  }
  return "";
}

}  // namespace

HubService::HubService(HubSettings settings)
    : settings_(std::move(settings)), origin_(origin_of(settings_.endpoint)) {}

void HubService::authorize(http::Request& request) {
  if (!settings_.token.empty() && origin_of(request.url) == origin_) {
    request.headers.set("Authorization", settings_.token.authorization());
  }
}

bool HubService::learn_from(const http::Request&, const http::Response&) {
  return false;  // there is no other token
}

std::string HubService::reason(const http::Response& response) const {
  if (response.status == kTooManyRequests) {
    return rate_limit_text(rate_limit_of(response.headers), settings_);
  }
  return error_message(response);
}

std::optional<std::chrono::seconds> HubService::retry_after(const http::Response& response) const {
  const RateLimit limit = rate_limit_of(response.headers);
  if (response.status == kTooManyRequests && limit.reset_seconds) {
    return std::chrono::seconds(*limit.reset_seconds) + std::chrono::seconds(1);
  }
  return http::retry_after(response);
}

RateLimit rate_limit_of(const http::Headers& headers) {
  RateLimit limit;
  const std::string state = without_spaces(headers.get("RateLimit").value_or(""));
  const std::string policy = without_spaces(headers.get("RateLimit-Policy").value_or(""));
  limit.resource = quoted_text(state);
  limit.remaining = parameter(state, "r");
  limit.reset_seconds = parameter(state, "t");
  limit.quota = parameter(policy, "q");
  limit.window_seconds = parameter(policy, "w");
  return limit;
}

std::string origin_of(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  std::string scheme(url.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end));
  std::string host = http::host_of(url);
  for (std::string* text : {&scheme, &host}) {
    std::transform(text->begin(), text->end(), text->begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  }
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string::npos && host.find(']', colon) == std::string::npos;
  if (!has_port) {
    host += scheme == "http" ? ":80" : ":443";
  }
  return scheme + "://" + host;
}

std::string error_message(const http::Response& response) {
  std::string message = response.headers.get("X-Error-Message").value_or("");
  if (message.empty()) {
    message = message_in(response.body);
  }
  for (char& letter : message) {
    if (static_cast<unsigned char>(letter) < ' ') {
      letter = ' ';
    }
  }
  if (message.size() > kMaxMessageBytes) {
    message.resize(kMaxMessageBytes);
    message += "…";
  }
  return message;
}

}  // namespace temper::hub
