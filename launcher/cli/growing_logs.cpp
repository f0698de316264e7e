#include "launcher/cli/growing_logs.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/base/time_format.h"

namespace temper::launch {
namespace {

struct TimedLine {
  std::chrono::system_clock::time_point time;
  const std::string* text = nullptr;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::vector<std::string> merge_by_time(const std::vector<std::vector<std::string>>& logs) {
  std::vector<TimedLine> all;
  for (const std::vector<std::string>& log : logs) {
    TimedLine line;
    for (const std::string& text : log) {
      line.time =
          parse_rfc3339(std::string_view(text).substr(0, text.find(' '))).value_or(line.time);
      line.text = &text;
      all.push_back(line);
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const TimedLine& left, const TimedLine& right) {
    return left.time < right.time;
  });
  std::vector<std::string> merged;
  merged.reserve(all.size());
  for (const TimedLine& line : all) {
    merged.push_back(*line.text);
  }
  return merged;
}

void GrowingLogs::add_end(const std::filesystem::path& file) {
  std::error_code absent;
  const std::uintmax_t size = std::filesystem::file_size(file, absent);
  offsets_.emplace(file, absent ? 0 : size);
}

void GrowingLogs::add(const std::filesystem::path& file) {
  offsets_.emplace(file, 0);
}

std::vector<std::string> GrowingLogs::take(bool and_rest) {
  std::vector<std::vector<std::string>> logs;
  for (auto& [file, offset] : offsets_) {
    std::ifstream stream(file, std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    std::string more(std::istreambuf_iterator<char>(stream), {});
    if (!and_rest) {
      more.resize(more.rfind('\n') + 1);  // npos + 1 is 0
    }
    offset += more.size();
    logs.push_back(lines_of(more));
  }
  return merge_by_time(logs);
}

}  // namespace temper::launch
