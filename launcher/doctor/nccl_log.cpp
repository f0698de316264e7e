#include "launcher/doctor/nccl_log.h"

#include <algorithm>
#include <optional>

namespace temper::launch {
namespace {

/// What follows `mark` in the line, without blanks at the ends.
std::optional<std::string> after(std::string_view line, std::string_view mark) {
  const std::size_t found = line.find(mark);
  if (found == std::string_view::npos) {
    return std::nullopt;
  }
  line.remove_prefix(found + mark.size());
  const std::size_t begin = line.find_first_not_of(" \t\r");
  const std::size_t end = line.find_last_not_of(" \t\r");
  return begin == std::string_view::npos ? "" : std::string(line.substr(begin, end - begin + 1));
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

/// "NET/IB/0(1)/GDRDMA/Shared" is the way NET/IB, "P2P/CUMEM/read" is P2P/CUMEM.
std::string way_of(const std::string& via) {
  std::string way;
  int parts = 0;
  for (const char c : via) {
    if (c == ' ' || c == '(' || (c == '/' && ++parts == 2)) {
      break;
    }
    way += c;
  }
  return way;
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) {
    list.push_back(text);
  }
}

void read_line(std::string_view line, NcclLog& log) {
  if (const auto version = after(line, "NCCL version ")) {
    log.version = first_word(*version);
  }
  if (const auto warning = after(line, "NCCL WARN ")) {
    add_once(log.warnings, *warning);
  }
  const auto info = after(line, "NCCL INFO ");
  if (!info) {
    return;
  }
  if (info->starts_with("Using network ")) {
    log.network = *after(*info, "Using network ");
  } else if (const auto plugin = after(*info, "Assigned NET plugin ")) {
    log.network = plugin->substr(0, plugin->find(" to comm"));
  } else if (info->starts_with("Channel ")) {
    if (const auto via = after(*info, " via ")) {
      log.ways.insert(way_of(*via));
      log.has_gpu_direct |= via->find("/GDRDMA") != std::string::npos;
    }
  }
}

}  // namespace

NcclLog parse_nccl_log(std::string_view text) {
  NcclLog log;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    read_line(text.substr(0, end), log);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return log;
}

}  // namespace temper::launch
