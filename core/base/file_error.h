#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/error.h"

namespace temper {

/// The file system refused. Exit code kRetryable where the world may mend (disk full, I/O error),
/// else kUser (permissions, names).
class FileError : public Error {
 public:
  /// The message: "cannot <action> <path>: <reason>. <what to do>", by errno.
  FileError(std::string_view action, const std::filesystem::path& path, int error_number);
  int error_number() const noexcept { return error_number_; }

 private:
  int error_number_;
};

/// ENOSPC, EDQUOT and the like: there is no room.
bool is_out_of_space(int error_number);
/// EACCES, EPERM, EROFS: we may not.
bool is_forbidden(int error_number);

}  // namespace temper
