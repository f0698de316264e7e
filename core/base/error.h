#pragma once

#include <stdexcept>
#include <string>

namespace temper {

/// What a process tells its parent. The contract between trainer, supervisor and schedulers;
/// docs/exit-codes.md is its page.
enum class ExitCode : int {
  kDone = 0,
  kInternal = 1,       ///< our bug
  kUser = 2,           ///< recipe, flag, missing file; nothing was started
  kRetryable = 75,     ///< the world: peer lost, storage down after retries; run again
  kFatal = 78,         ///< restarting would not help: non-finite loss, corrupt data
  kCheckpointed = 85,  ///< asked to stop, state saved; run again to go on
};

/// Base of all our exceptions; knows the exit code that it leads to.
/// The message says where, what, which values, what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode exit_code, const std::string& message)
      : std::runtime_error(message), exit_code_(exit_code) {}
  ExitCode exit_code() const noexcept { return exit_code_; }

 private:
  ExitCode exit_code_;
};

/// The user can mend it. Printed without a stack.
class UserError : public Error {
 public:
  explicit UserError(const std::string& message) : Error(ExitCode::kUser, message) {}
};

/// The world failed (peer, disk, service) and retrying later may succeed.
class RetryableError : public Error {
 public:
  explicit RetryableError(const std::string& message) : Error(ExitCode::kRetryable, message) {}
};

/// This recipe on this data can't go on; a restart would end the same way.
class FatalError : public Error {
 public:
  explicit FatalError(const std::string& message) : Error(ExitCode::kFatal, message) {}
};

/// The run was asked to stop and has saved its state.
class StopRequested : public Error {
 public:
  explicit StopRequested(const std::string& message) : Error(ExitCode::kCheckpointed, message) {}
};

/// The exit code for any exception: that of an Error, else kInternal.
ExitCode exit_code_of(const std::exception& exception) noexcept;

}  // namespace temper
