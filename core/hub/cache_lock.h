#pragma once

#include <filesystem>
#include <string>

#include "core/base/log.h"
#include "core/base/unique_fd.h"

namespace temper::hub {

/// Holds a lock file of the cache (flock(2), as Python's filelock does) from construction to
/// destruction; waits for whoever has it, and logs that it waits for `what`. FileError.
class CacheLock {
 public:
  CacheLock(const std::filesystem::path& path, const std::string& what, const Logger& logger);

 private:
  UniqueFd fd_;
};

}  // namespace temper::hub
