#include "core/http/http_message.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

namespace temper::http {
namespace {

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

}  // namespace

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
  fields_.emplace_back(name, std::move(value));
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string> Headers::get(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields_, [&](const auto& field) { return same_name(field.first, name); });
  return found == fields_.end() ? std::nullopt : std::optional(found->second);
}

std::string Headers::joined(std::string_view name) const {
  std::string values;
  for (const auto& [field, value] : fields_) {
    if (same_name(field, name)) {
      values += (values.empty() ? "" : ",") + value;
    }
  }
  return values;
}

std::optional<std::chrono::seconds> retry_after(const Response& response) {
  const std::optional<std::string> text = response.headers.get("Retry-After");
  if (!text) {
    return std::nullopt;
  }
  unsigned seconds = 0;
  const char* const last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, seconds);
  if (error != std::errc() || end != last) {
    return std::nullopt;
  }
  return std::chrono::seconds(seconds);
}

std::optional<std::chrono::system_clock::time_point> date_of(const Response& response) {
  std::istringstream text(response.headers.get("Date").value_or(""));
  text.imbue(std::locale::classic());
  std::tm parts{};
  text >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S GMT");
  if (text.fail()) {
    return std::nullopt;
  }
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace temper::http
