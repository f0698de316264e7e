#pragma once

#include <string>

#include "core/base/error.h"

namespace temper::hub {

/// The Hub refused, in a way that another try would not change by itself. Exit code kUser, except
/// for kUnavailable. The message says what was asked, what the answer was, and the way out.
class HubError : public Error {
 public:
  enum class Kind {
    kNoRepository,  ///< there is none of that name, or this token may not see it
    kNoRevision,    ///< the repository is there, the branch, tag or commit is not
    kNoEntry,       ///< no such file or folder in that revision
    kGated,         ///< its conditions are to be accepted first
    kNoToken,       ///< this needs one
    kTokenRefused,  ///< the token is wrong, expired or revoked
    kForbidden,     ///< the token is known but may not do this (read-only, other owner)
    kConflict,      ///< 409 or 412: it is there already, or changed meanwhile
    kTooLarge,      ///< 413
    kRefused,       ///< anything else that the Hub will not do
    kUnavailable,   ///< not reachable, overloaded, rate limited, after retries
    kOffline,       ///< HF_HUB_OFFLINE is set and the cache does not have it
    kNoSpace,       ///< the cache's disk is too small
    kDamaged,       ///< other bytes than the Hub promised
  };
  HubError(Kind kind, const std::string& message)
      : Error(kind == Kind::kUnavailable || kind == Kind::kDamaged ? ExitCode::kRetryable
                                                                   : ExitCode::kUser,
              message),
        kind_(kind) {}
  Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

}  // namespace temper::hub
