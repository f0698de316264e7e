#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace temper::http {

/// Header fields in the order they were added. Names compare without case (RFC 9110, 5.1).
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  void add(std::string name, std::string value);
  /// The first of that name.
  std::optional<std::string> get(std::string_view name) const;
  /// The values of all of that name, joined with ",".
  std::string joined(std::string_view name) const;

  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// One exchange to make. `body` and `into` are borrowed until it is over.
struct Request {
  std::string method = "GET";
  std::string url = {};
  Headers headers = {};
  std::span<const std::byte> body = {};
  /// Not empty: a body with status 2xx goes here instead of Response::body.
  std::span<std::byte> into = {};
  bool cleanup = false;  ///< sent although a stop was requested
  /// Sent on a connection of its own: libcurl repeats a request, a POST too, whose reused
  /// connection ends before an answer.
  bool at_most_once = false;
  bool past_proxy = false;  ///< for addresses of this machine's own host (instance metadata)
  /// Given up when fewer than 1 KiB/s moved for so long, however long the whole takes.
  std::chrono::seconds stall_timeout{60};
  std::chrono::milliseconds connect_timeout{20'000};
};

struct Response {
  int status = 0;
  Headers headers = {};
  std::string body = {};       ///< at most kMaxBodyBytes
  std::uint64_t num_into = 0;  ///< bytes that went into Request::into
  bool ok() const { return status >= 200 && status < 300; }
};

/// Answers that are kept in a string (metadata, listings, errors) are never larger.
inline constexpr std::uint64_t kMaxBodyBytes = 64U << 20U;

/// Retry-After (RFC 9110, 10.2.3) as a number of seconds; dates and nonsense are nullopt.
std::optional<std::chrono::seconds> retry_after(const Response& response);

/// The service's clock as its answer's Date field tells it (RFC 9110, 5.6.7, the preferred form).
std::optional<std::chrono::system_clock::time_point> date_of(const Response& response);

}  // namespace temper::http
