#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/http/http_transport.h"
#include "core/http/retry.h"

namespace temper::http {

/// What a service knows about its own requests and answers. Thread-safe.
class Service {
 public:
  virtual ~Service() = default;
  /// Adds what proves who asks. Called for every try.
  virtual void authorize(Request& request) = 0;
  /// After kRefresh: learns from the refusal, for example forgets the credentials that `request`
  /// carried if they are still the ones in use. False if another try would be refused too.
  virtual bool learn_from(const Request& request, const Response& refusal) = 0;
  virtual Verdict judge(const Response& response, Idempotency idempotency) const {
    return judge_status(response.status, idempotency);
  }
  /// How long the service wants to be left alone before the next try; nullopt if it doesn't say.
  virtual std::optional<std::chrono::seconds> retry_after(const Response& response) const {
    return http::retry_after(response);
  }
  /// What the body of a failure says, short and without secrets; "" if nothing.
  virtual std::string reason(const Response& response) const = 0;
};

/// Sends requests of one service and tries them again by the rules of retry.h. Thread-safe.
class Client {
 public:
  struct Options {
    RetryPolicy policy = default_retry_policy();
    Logger logger = Logger();
    std::stop_token stop = {};
    /// Counted into; may be shared by several clients.
    std::shared_ptr<Counters> counters = std::make_shared<Counters>();
  };
  /// `clock` outlives the client.
  Client(std::unique_ptr<Transport> transport, std::unique_ptr<Service> service, Clock& clock,
         Options options);

  /// The answer, be it success or a failure that retrying would not change. `action` is for
  /// messages: "read gs://bucket/key". Throws RetryableError when the patience is over; UserError
  /// if the server's certificate is not trusted.
  Response send(const std::string& action, Idempotency idempotency, const Request& request) const;

  /// One try, with fresh credentials if they were refused. Throws TransportError.
  Response send_once(const Request& request) const;

  RetryBudget budget(std::string action) const;
  Verdict judge(const Response& response, Idempotency idempotency) const;
  std::optional<std::chrono::seconds> retry_after(const Response& response) const {
    return service_->retry_after(response);
  }
  /// "HTTP status 403: <the service's reason>" for messages.
  std::string describe(const Response& response) const;

  const Counters& counters() const { return *options_.counters; }
  const Logger& logger() const { return options_.logger; }
  Clock& clock() const { return clock_; }
  bool stop_requested() const { return options_.stop.stop_requested(); }

 private:
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Service> service_;
  Clock& clock_;
  Options options_;
};

/// Throws UserError for kTrust, which retrying would not mend; else waits by `budget`, which may
/// throw RetryableError.
void wait_after(const TransportError& error, RetryBudget& budget);

}  // namespace temper::http
