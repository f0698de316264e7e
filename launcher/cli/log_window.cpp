#include "launcher/cli/log_window.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <optional>

#include "core/base/error.h"
#include "core/base/time_format.h"

namespace temper::launch {
namespace {

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, count);
  constexpr std::int64_t kMost = 1'000'000;
  if (error != std::errc() || after + 1 != end || count < 0 || count > kMost) {
    return std::nullopt;
  }
  switch (*after) {
    case 's':
      return std::chrono::seconds(count);
    case 'm':
      return std::chrono::minutes(count);
    case 'h':
      return std::chrono::hours(count);
    case 'd':
      return std::chrono::hours(24) * count;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::chrono::system_clock::time_point parse_since(std::string_view text,
                                                  std::chrono::system_clock::time_point now) {
  if (const auto time = parse_rfc3339(text)) {
    return *time;
  }
  if (const auto duration = parse_duration(text)) {
    return now - *duration;
  }
  throw UserError(
      fmt::format("--since {}: write a time like 2026-11-24T06:30:00Z, or 90s, 10m, 2h, 1d", text));
}

std::vector<std::string> lines_since(const std::filesystem::path& file,
                                     std::chrono::system_clock::time_point time) {
  std::vector<std::string> lines;
  std::ifstream stream(file, std::ios::binary);
  bool wanted = false;
  for (std::string line; std::getline(stream, line);) {
    if (const auto written = parse_rfc3339(std::string_view(line).substr(0, line.find(' ')))) {
      wanted = wanted || *written >= time;
    }
    if (wanted) {
      lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace temper::launch
