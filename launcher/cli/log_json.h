#pragma once

#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace temper::launch {

/// A line of a log for `logs --json`: {"machine", "time", "level", "rank", "text"}, the pod or
/// replica whose line it is where several are shown as one log, and the parts of core/base/log.h's
/// lines. null: the line does not say. Lines of other programs are nothing but text. Pure.
std::string log_line_json(std::string_view line);

/// A stream's buffer that writes each line as log_line_json() to `out`, and flushes it with it. A
/// last line without an end is written by the destructor.
class LogJsonBuffer final : public std::streambuf {
 public:
  explicit LogJsonBuffer(std::ostream& out) : out_(out) {}
  LogJsonBuffer(const LogJsonBuffer&) = delete;
  LogJsonBuffer& operator=(const LogJsonBuffer&) = delete;
  ~LogJsonBuffer() override;

 private:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  int sync() override;
  void write_line();

  std::ostream& out_;
  std::string line_;  ///< so far
};

}  // namespace temper::launch
