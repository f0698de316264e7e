#include "core/base/file_error.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace temper {
namespace {

ExitCode exit_code_for(int error_number) {
  switch (error_number) {
    case EIO:
    case ESTALE:
    case ETIMEDOUT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EBUSY:
    case EAGAIN:
      return ExitCode::kRetryable;
    default:
      return is_out_of_space(error_number) ? ExitCode::kRetryable : ExitCode::kUser;
  }
}

std::string advice_for(int error_number) {
  if (is_out_of_space(error_number)) {
    return " Free some space there or choose another place.";
  }
  if (error_number == EROFS) {
    return " Choose a place that can be written.";
  }
  if (is_forbidden(error_number)) {
    return fmt::format(" Give the user with id {} access to it or choose another place.",
                       ::geteuid());
  }
  if (error_number == EMFILE || error_number == ENFILE) {
    return " Raise the limit of open files (ulimit -n).";
  }
  return "";
}

}  // namespace

bool is_out_of_space(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
}

bool is_forbidden(int error_number) {
  return error_number == EACCES || error_number == EPERM || error_number == EROFS;
}

FileError::FileError(std::string_view action, const std::filesystem::path& path, int error_number)
    : Error(exit_code_for(error_number),
            fmt::format("cannot {} {}: {}.{}", action, path.string(), std::strerror(error_number),
                        advice_for(error_number))),
      error_number_(error_number) {}

}  // namespace temper
