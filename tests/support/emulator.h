#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/process_runner.h"
#include "core/http/curl_transport.h"

namespace temper::testing {

/// A server of tests/emulators, running as long as this object.
class Emulator {
 public:
  /// `script` is a file of tests/emulators. Waits until it serves; throws std::runtime_error if it
  /// does not within a minute.
  explicit Emulator(const std::string& script, const std::vector<std::string>& arguments = {});
  ~Emulator();

  /// "http://127.0.0.1:1234".
  const std::string& url() const { return url_; }

  /// Its door for tests: POST /_<name> with JSON, GET /_<name>. Returns the body.
  std::string post(std::string_view name, const std::string& json = "{}");
  std::string get(std::string_view name);

 private:
  std::string ask(const std::string& method, std::string_view name, const std::string& json);

  std::unique_ptr<Process> process_;
  std::string url_;
  http::CurlTransport transport_{http::Settings{}};
};

/// The Python that has the official clients and moto, else the system's.
std::string emulator_python();
/// Whether .venv-reference is there: moto and the official clients.
bool has_reference_python();

}  // namespace temper::testing
