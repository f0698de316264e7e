#include "core/http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_transport.h"

namespace temper::http {
namespace {

using ::testing::HasSubstr;
using testing::ScriptedTransport;

/// Tokens "token-1", "token-2", …; any number of refreshes.
class CountingService final : public Service {
 public:
  void authorize(Request& request) override {
    request.headers.set("Authorization", "token-" + std::to_string(number_));
  }
  bool learn_from(const Request&, const Response&) override {
    ++number_;
    return true;
  }
  std::string reason(const Response& response) const override { return response.body; }

 private:
  int number_ = 1;
};

class HttpClientTest : public ::testing::Test {
 protected:
  void answer(int status, std::string body = "") {
    script_->answers.emplace_back(Response{.status = status, .body = std::move(body)});
  }
  void fail(TransportError::Kind kind) {
    script_->answers.emplace_back(TransportError(kind, "host: cut"));
  }
  Response send(Idempotency idempotency) {
    return client_.send("read x", idempotency, {.url = "http://host/x"});
  }

  const std::shared_ptr<ScriptedTransport::Script> script_ =
      std::make_shared<ScriptedTransport::Script>();
  testing::FakeClock clock_;
  const Client client_{std::make_unique<ScriptedTransport>(script_),
                       std::make_unique<CountingService>(),
                       clock_,
                       {.logger = Logger(LogLevel::kError)}};
};

TEST_F(HttpClientTest, RetriesUntilItSucceeds) {
  answer(503);
  fail(TransportError::Kind::kBroken);
  answer(429);
  answer(200, "x");
  EXPECT_EQ(send(Idempotency::kAlways).body, "x");
  EXPECT_EQ(script_->sent.size(), 4U);
  EXPECT_EQ(client_.counters().retries, 3U);
}

TEST_F(HttpClientTest, FinalStatusIsTheCallers) {
  answer(503);
  answer(400, "bad");
  EXPECT_EQ(send(Idempotency::kAlways).status, 400);
}

TEST_F(HttpClientTest, UnrepeatableIsSentOnceOnly) {
  answer(503);
  EXPECT_EQ(send(Idempotency::kNever).status, 503);
  fail(TransportError::Kind::kBroken);
  EXPECT_THROW(send(Idempotency::kNever), TransportError);
  EXPECT_EQ(script_->sent.size(), 2U);
}

TEST_F(HttpClientTest, UnrepeatableIsRepeatedIfNothingWasSent) {
  fail(TransportError::Kind::kConnect);
  answer(200);
  EXPECT_EQ(send(Idempotency::kNever).status, 200);
}

TEST_F(HttpClientTest, CredentialsAreRefreshedOnce) {
  answer(401);
  answer(200);
  EXPECT_EQ(send(Idempotency::kAlways).status, 200);
  EXPECT_EQ(script_->sent[0].headers.get("Authorization"), "token-1");
  EXPECT_EQ(script_->sent[1].headers.get("Authorization"), "token-2");
  answer(401);
  answer(401);
  EXPECT_EQ(send(Idempotency::kAlways).status, 401);
  EXPECT_EQ(script_->sent.size(), 4U);
}

TEST_F(HttpClientTest, GivesUpWithTheReason) {
  for (int i = 0; i < 1000; ++i) {
    answer(503, "overloaded");
  }
  try {
    send(Idempotency::kAlways);
    ADD_FAILURE() << "no error";
  } catch (const RetryableError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot read x: HTTP status 503: overloaded"));
  }
}

TEST_F(HttpClientTest, UntrustedServerIsTheUsersToMend) {
  fail(TransportError::Kind::kTrust);
  try {
    send(Idempotency::kAlways);
    ADD_FAILURE() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("SSL_CERT_FILE"));
  }
}

TEST_F(HttpClientTest, CancelledIsNotRetried) {
  fail(TransportError::Kind::kCancelled);
  EXPECT_THROW(send(Idempotency::kAlways), RetryableError);
  EXPECT_EQ(script_->sent.size(), 1U);
}

}  // namespace
}  // namespace temper::http
