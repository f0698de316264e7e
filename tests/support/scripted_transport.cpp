#include "tests/support/scripted_transport.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace temper::testing {
namespace {

/// Moves a body to where the request wants it, as a real transport does.
void deliver(const http::Request& request, http::Response& response) {
  if (request.into.empty() || response.status < 200 || response.status >= 300) {
    return;
  }
  response.num_into = std::min<std::uint64_t>(response.body.size(), request.into.size());
  std::memcpy(request.into.data(), response.body.data(), response.num_into);
  response.body.clear();
}

}  // namespace

http::Response ScriptedTransport::send(const http::Request& request) {
  const std::lock_guard lock(script_->mutex);
  script_->sent.push_back(
      {request.method, request.url, request.headers,
       std::string(reinterpret_cast<const char*>(request.body.data()), request.body.size())});
  if (script_->answers.empty()) {
    throw std::logic_error("no answer is scripted for " + request.method + " " + request.url);
  }
  const auto answer = std::move(script_->answers.front());
  script_->answers.pop_front();
  if (const auto* error = std::get_if<http::TransportError>(&answer)) {
    http::Response partial = error->partial();
    deliver(request, partial);
    throw http::TransportError(error->kind(), error->what(), partial);
  }
  http::Response response = std::get<http::Response>(answer);
  deliver(request, response);
  return response;
}

}  // namespace temper::testing
