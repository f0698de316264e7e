#pragma once

#include <filesystem>
#include <string>

namespace temper::launch {

/// A new folder of this machine's for temporary files, removed with everything in it at the end
/// unless it is to be kept.
class TemporaryFolder {
 public:
  /// Named after `purpose`, with a random end.
  TemporaryFolder(const std::string& purpose, bool keep);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool keep_;
};

}  // namespace temper::launch
