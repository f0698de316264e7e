#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace temper {

/// A copy of the environment variables: read once at the start of a program and handed down. The
/// only place that reads them. A value; safe to read from any thread.
class Environment {
 public:
  /// Those of this process.
  static Environment from_process();
  explicit Environment(std::map<std::string, std::string> variables);

  /// nullopt if it isn't set. An empty value is a value.
  std::optional<std::string> get(std::string_view name) const;

  const std::map<std::string, std::string, std::less<>>& variables() const { return variables_; }

  /// Where indexes and downloads are kept: TEMPER_CACHE, else XDG_CACHE_HOME/temper, else
  /// HOME/.cache/temper, else /tmp/temper-<uid>. Empty and (as the XDG Base Directory
  /// specification asks) relative values of the last two are passed over. Not created here.
  std::filesystem::path cache_directory() const;

  /// How many bytes of data from stores the cache may keep: TEMPER_CACHE_BYTES, a whole number
  /// perhaps followed by K, M, G or T (of 1024), else 64 GiB. UserError if it is something else.
  std::uint64_t cache_bytes() const;

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

}  // namespace temper
