#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "core/http/http_transport.h"

namespace temper::testing {

/// One request as it was sent.
struct SentRequest {
  std::string method;
  std::string url;
  http::Headers headers;
  std::string body;
};

/// Answers requests by a script instead of a network. Thread-safe.
class ScriptedTransport final : public http::Transport {
 public:
  /// What outlives the transport, which a client owns.
  struct Script {
    std::deque<std::variant<http::Response, http::TransportError>> answers;
    std::vector<SentRequest> sent;
    std::mutex mutex;
  };
  explicit ScriptedTransport(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  /// The next answer of the script; std::logic_error if there is none left.
  http::Response send(const http::Request& request) override;

 private:
  const std::shared_ptr<Script> script_;
};

}  // namespace temper::testing
