#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/unique_fd.h"

namespace temper::launch {

/// A file without a name on any disk (memfd_create(2)), gone with this object. Programs that we
/// start open it by path() while we live. RetryableError if there is no memory.
class MemoryFile {
 public:
  /// `name` is for people who look at /proc.
  explicit MemoryFile(const char* name, std::string_view content = {});

  std::filesystem::path path() const;
  std::string read() const;

 private:
  UniqueFd fd_;
};

}  // namespace temper::launch
