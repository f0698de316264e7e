#pragma once

#include <cstddef>
#include <mutex>
#include <stop_token>
#include <vector>

#include "core/http/http_settings.h"
#include "core/http/http_transport.h"

namespace temper::http {

struct CurlLibrary;

/// HTTP/1.1 and, over TLS where the server offers it, HTTP/2, by libcurl. Connections stay open for
/// the next exchange. libcurl is loaded by the first send().
class CurlTransport final : public Transport {
 public:
  /// When `stop` is requested, exchanges under way and later ones end with kCancelled.
  explicit CurlTransport(Settings settings, std::stop_token stop = {});
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  Response send(const Request& request) override;

 private:
  void* take_handle();
  void return_handle(void* handle);

  const Settings settings_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::vector<void*> idle_;  // CURL handles, each with its own open connections; under mutex_
};

}  // namespace temper::http
