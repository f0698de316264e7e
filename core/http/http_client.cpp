#include "core/http/http_client.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::http {

void wait_after(const TransportError& error, RetryBudget& budget) {
  if (error.kind() == TransportError::Kind::kTrust) {
    throw UserError(fmt::format(
        "cannot {}: {}. If the service has a certificate of your own, name the file of its "
        "authority in SSL_CERT_FILE; else check this machine's clock and the proxy",
        budget.action(), error.what()));
  }
  if (error.kind() == TransportError::Kind::kCancelled) {
    throw RetryableError(fmt::format("cannot {}: {}", budget.action(), error.what()));
  }
  budget.wait(error.what());
}

Client::Client(std::unique_ptr<Transport> transport, std::unique_ptr<Service> service, Clock& clock,
               Options options)
    : transport_(std::move(transport)),
      service_(std::move(service)),
      clock_(clock),
      options_(std::move(options)) {}

std::string Client::describe(const Response& response) const {
  const std::string reason = service_->reason(response);
  return reason.empty() ? fmt::format("HTTP status {}", response.status)
                        : fmt::format("HTTP status {}: {}", response.status, reason);
}

RetryBudget Client::budget(std::string action) const {
  return {std::move(action), options_.policy,    clock_,
          options_.logger,   *options_.counters, options_.stop};
}

Verdict Client::judge(const Response& response, Idempotency idempotency) const {
  return service_->judge(response, idempotency);
}

Response Client::send_once(const Request& request) const {
  for (bool first = true;; first = false) {
    Request authorized = request;
    service_->authorize(authorized);
    ++options_.counters->requests;
    options_.counters->bytes_sent += request.body.size();
    Response response = transport_->send(authorized);
    options_.counters->bytes_received += response.num_into + response.body.size();
    const bool refused = service_->judge(response, Idempotency::kAlways) == Verdict::kRefresh;
    if (!first || !refused || !service_->learn_from(authorized, response)) {
      return response;
    }
    ++options_.counters->retries;
    options_.logger.warning("refused ({}); trying once with new credentials", describe(response));
  }
}

Response Client::send(const std::string& action, Idempotency idempotency,
                      const Request& given) const {
  RetryBudget waits = budget(action);
  Request request = given;
  request.at_most_once = request.at_most_once || idempotency == Idempotency::kNever;
  while (true) {
    try {
      Response response = send_once(request);
      if (service_->judge(response, idempotency) != Verdict::kRetry) {
        return response;
      }
      waits.wait(describe(response), service_->retry_after(response));
    } catch (const TransportError& error) {
      const bool nothing_sent = error.kind() == TransportError::Kind::kConnect;
      if (idempotency == Idempotency::kNever && !nothing_sent) {
        throw;
      }
      wait_after(error, waits);
    }
  }
}

}  // namespace temper::http
