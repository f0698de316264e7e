#pragma once

#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/http/http_message.h"

namespace temper::http {

/// No whole answer came. What the server did with the request is unknown, except for kConnect.
class TransportError : public RetryableError {
 public:
  enum class Kind {
    kConnect,    ///< no connection, so nothing was sent
    kStalled,    ///< nothing moved for Request::stall_timeout
    kBroken,     ///< the connection ended in the middle
    kTrust,      ///< the server's certificate is not trusted; trying again won't help
    kCancelled,  ///< the caller's stop was requested
  };
  /// `partial`: what had come of the answer; its num_into bytes are in Request::into.
  TransportError(Kind kind, const std::string& message, Response partial = {})
      : RetryableError(message), kind_(kind), partial_(std::move(partial)) {}
  Kind kind() const noexcept { return kind_; }
  const Response& partial() const noexcept { return partial_; }

 private:
  Kind kind_;
  Response partial_;
};

/// Makes one exchange, without retries, redirects or cookies. Thread-safe. Messages of errors name
/// the host only: paths and queries may hold secrets.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Any status is an answer. Throws TransportError if no whole answer came.
  virtual Response send(const Request& request) = 0;
};

}  // namespace temper::http
