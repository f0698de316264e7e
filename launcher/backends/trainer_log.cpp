#include "launcher/backends/trainer_log.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

namespace temper::launch {
namespace {

constexpr std::streamoff kTailBytes = 64 << 10;
constexpr std::size_t kSearchedLines = 200;

/// Where the message of an error line begins: behind "2026-11-24T06:30:00.123Z error ". npos: it is
/// no error line.
std::size_t message_begin(std::string_view line) {
  constexpr std::string_view kMark = "Z error ";
  const std::size_t mark = line.find(kMark);
  constexpr std::size_t kLongestTime = 40;
  return mark == std::string_view::npos || mark > kLongestTime ? std::string_view::npos
                                                               : mark + kMark.size();
}

}  // namespace

std::vector<std::string> last_lines(const std::filesystem::path& file, std::size_t count) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) {
    return {};
  }
  const std::streamoff size = stream.tellg();
  // A window that doubles until it holds enough lines or the whole file.
  for (std::streamoff window = kTailBytes;; window *= 2) {
    const std::streamoff begin = std::max<std::streamoff>(0, size - window);
    stream.clear();
    stream.seekg(begin);
    std::vector<std::string> lines;
    std::string line;
    for (std::streamoff left = size - begin; left > 0 && std::getline(stream, line);) {
      left -= static_cast<std::streamoff>(line.size()) + 1;
      lines.push_back(line);
    }
    if (begin > 0 && !lines.empty()) {
      lines.erase(lines.begin());  // may lack its beginning
    }
    if (lines.size() >= count || begin == 0) {
      const std::size_t surplus = lines.size() - std::min(count, lines.size());
      lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(surplus));
      return lines;
    }
  }
}

std::vector<std::string> last_error_lines(const std::filesystem::path& file, std::size_t count) {
  const std::vector<std::string> lines = last_lines(file, kSearchedLines);
  std::vector<std::string> errors;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(errors), [](const std::string& line) {
    return message_begin(line) != std::string_view::npos;
  });
  std::vector<std::string>& chosen = errors;
  if (errors.empty()) {
    chosen = lines;
  }
  const std::size_t surplus = chosen.size() - std::min(count, chosen.size());
  chosen.erase(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(surplus));
  return chosen;
}

std::string last_error_line(const std::filesystem::path& file) {
  const std::vector<std::string> lines = last_error_lines(file, 1);
  if (lines.empty()) {
    return "";
  }
  const std::size_t begin = message_begin(lines.front());
  return begin == std::string::npos ? lines.front() : lines.front().substr(begin);
}

}  // namespace temper::launch
