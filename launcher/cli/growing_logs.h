#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace temper::launch {

/// Lines of several logs (core/base/log.h) as one log, in the order of their times. A line without
/// a time stands with the line before it in its log. Stable.
std::vector<std::string> merge_by_time(const std::vector<std::vector<std::string>>& logs);

/// Log files that are appended to, read as one.
class GrowingLogs {
 public:
  /// Reads `file` from where it ends now on; nothing if it is read already.
  void add_end(const std::filesystem::path& file);
  /// Reads `file` from its beginning on; nothing if it is read already. It need not exist yet.
  void add(const std::filesystem::path& file);

  /// The whole lines that were appended since the last call. `and_rest`: also last lines that have
  /// no end yet.
  std::vector<std::string> take(bool and_rest = false);

 private:
  std::map<std::filesystem::path, std::uintmax_t> offsets_;
};

}  // namespace temper::launch
