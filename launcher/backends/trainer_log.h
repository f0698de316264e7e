#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace temper::launch {

/// The last `count` lines of a text file; fewer if it has fewer, none if it can't be read. Reads
/// from the end, so a long log costs nothing.
std::vector<std::string> last_lines(const std::filesystem::path& file, std::size_t count);

/// The error lines ("<time> error …" of core/base/log.h) among the last lines of a trainer's log,
/// at most `count`; if there are none, the last lines themselves: mpirun's or the loader's
/// complaint.
std::vector<std::string> last_error_lines(const std::filesystem::path& file, std::size_t count);

/// The message of the last error line of a log without its time stamp, or "".
std::string last_error_line(const std::filesystem::path& file);

}  // namespace temper::launch
