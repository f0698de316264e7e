#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace temper {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Leveled lines `2026-11-24T06:30:00.123Z info [rank 3] message` to stderr and, if given, a file.
/// A value that is handed down by constructor; copies share the sink. Thread-safe.
class Logger {
 public:
  /// Lines below `level` are dropped. `prefix` (e.g. "rank 3") may be empty.
  explicit Logger(LogLevel level = LogLevel::kInfo, const std::string& prefix = {});
  /// The same, appended to `file` too. Throws UserError if it can't be opened.
  Logger(LogLevel level, const std::string& prefix, const std::filesystem::path& file);

  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  void write(LogLevel level, std::string_view message) const;

  class Sink;
  std::shared_ptr<Sink> sink_;  // shared by copies: one line at a time
};

}  // namespace temper
