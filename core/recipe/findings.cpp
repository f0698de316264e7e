#include "core/recipe/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/error.h"

namespace temper::recipe {

void Findings::add(const Place& place, std::string_view key, std::string_view message) {
  const std::string where =
      place.in_override ? "--set" : fmt::format("{}:{}:{}", origin_, place.line, place.column);
  lines_.push_back({place, key.empty() ? fmt::format("{}: {}", where, message)
                                       : fmt::format("{}: {}: {}", where, key, message)});
}

void Findings::throw_if_any() const {
  if (lines_.empty()) {
    return;
  }
  std::vector<Line> sorted = lines_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Line& a, const Line& b) {
    return std::tie(a.place.in_override, a.place.line, a.place.column) <
           std::tie(b.place.in_override, b.place.line, b.place.column);
  });
  std::string message;
  for (const Line& line : sorted) {
    message += fmt::format("{}{}", message.empty() ? "" : "\n", line.text);
  }
  throw UserError(message);
}

}  // namespace temper::recipe
