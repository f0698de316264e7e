#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace temper {

/// RFC 3339 in UTC with milliseconds, rounded down: "2026-11-24T06:30:00.123Z".
/// Years 0 to 9999.
std::string format_rfc3339(std::chrono::system_clock::time_point time);

/// The time of an RFC 3339 text (section 5.6): any number of fraction digits (those after the ninth
/// are ignored), "Z" or an offset like "+01:00". nullopt for anything else, also for days and hours
/// that don't exist; a leap second (":60") is taken as the next second.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text);

}  // namespace temper
