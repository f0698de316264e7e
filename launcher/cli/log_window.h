#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace temper::launch {

/// The time that --since means: RFC 3339, or a number with s, m, h or d before `now`. UserError for
/// anything else.
std::chrono::system_clock::time_point parse_since(std::string_view text,
                                                  std::chrono::system_clock::time_point now);

/// The lines of a trainer's log (core/base/log.h) from the first one written at `time` or later.
/// Lines without a time stand with the line before them. None if the file can't be read.
std::vector<std::string> lines_since(const std::filesystem::path& file,
                                     std::chrono::system_clock::time_point time);

}  // namespace temper::launch
