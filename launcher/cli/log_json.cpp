#include "launcher/cli/log_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/time_format.h"
#include "launcher/cli/json_line.h"

namespace temper::launch {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};

/// Takes the text before `end` and `end` itself from the front of `line`; nullopt without `end`.
std::optional<std::string_view> take_until(std::string_view& line, std::string_view end) {
  const std::size_t found = line.find(end);
  if (found == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view taken = line.substr(0, found);
  line.remove_prefix(found + end.size());
  return taken;
}

/// Takes "[name] " from the front; the name.
std::optional<std::string_view> take_brackets(std::string_view& line) {
  std::string_view rest = line;
  if (!rest.starts_with('[')) {
    return std::nullopt;
  }
  rest.remove_prefix(1);
  const auto name = take_until(rest, "] ");
  if (name) {
    line = rest;
  }
  return name;
}

/// Takes "[rank 3] " from the front; 3.
std::optional<int> take_rank(std::string_view& line) {
  constexpr std::string_view kRank = "rank ";
  std::string_view rest = line;
  const auto name = take_brackets(rest);
  if (!name || !name->starts_with(kRank)) {
    return std::nullopt;
  }
  const std::string_view digits = name->substr(kRank.size());
  int rank = 0;
  const char* const end = digits.data() + digits.size();
  const auto [after, error] = std::from_chars(digits.data(), end, rank);
  if (error != std::errc() || after != end) {
    return std::nullopt;
  }
  line = rest;
  return rank;
}

template <class T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

std::string log_line_json(std::string_view line) {
  const auto machine = take_brackets(line);
  std::optional<std::string_view> time;
  std::optional<std::string_view> level;
  std::optional<int> rank;
  std::string_view rest = line;
  const auto first = take_until(rest, " ");
  const auto second = take_until(rest, " ");
  if (first && second && parse_rfc3339(*first) && std::ranges::count(kLevels, *second) > 0) {
    time = first;
    level = second;
    rank = take_rank(rest);
    line = rest;
  }
  return json_line({{"machine", or_null(machine)},
                    {"time", or_null(time)},
                    {"level", or_null(level)},
                    {"rank", or_null(rank)},
                    {"text", line}});
}

LogJsonBuffer::~LogJsonBuffer() {
  if (!line_.empty()) {
    write_line();
  }
}

LogJsonBuffer::int_type LogJsonBuffer::overflow(int_type character) {
  if (character == traits_type::eof()) {
    return traits_type::not_eof(character);
  }
  const char byte = traits_type::to_char_type(character);
  return xsputn(&byte, 1) == 1 ? character : traits_type::eof();
}

std::streamsize LogJsonBuffer::xsputn(const char* text, std::streamsize count) {
  std::string_view rest(text, static_cast<std::size_t>(count));
  while (const auto line = take_until(rest, "\n")) {
    line_ += *line;
    write_line();
  }
  line_ += rest;
  return count;
}

int LogJsonBuffer::sync() {
  out_.flush();
  return out_ ? 0 : -1;
}

void LogJsonBuffer::write_line() {
  out_ << log_line_json(line_) << "\n";
  line_.clear();
}

}  // namespace temper::launch
