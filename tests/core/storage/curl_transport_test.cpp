// The transport over libcurl against a real server. Here rather than beside core/http, because the
// server is an emulator of storage.

#include "core/http/curl_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/core/storage/cloud_stores.h"

namespace temper::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = TransportError::Kind;

class CurlTransportTest : public ::testing::Test {
 protected:
  CurlTransportTest() { emulator_.post("reset"); }
  ~CurlTransportTest() override { emulator_.post("reset"); }

  std::string list_url() const { return emulator_.url() + "/storage/v1/b/test-bucket/o"; }
  Kind kind_of(Transport& transport, const Request& request) {
    try {
      static_cast<void>(transport.send(request));
    } catch (const TransportError& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
      return error.kind();
    }
    ADD_FAILURE() << "no error";
    return Kind::kTrust;
  }

  testing::Emulator& emulator_ = storage::emulator_of(storage::Cloud::kGcs);
  CurlTransport transport_{Settings{}};
};

TEST_F(CurlTransportTest, AnyStatusIsAnAnswer) {
  EXPECT_EQ(transport_.send({.url = list_url()}).status, 200);
  const Response missing = transport_.send({.url = list_url() + "/absent"});
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr("No such object"));
  EXPECT_EQ(missing.headers.get("content-type"), "application/json; charset=UTF-8");
}

TEST_F(CurlTransportTest, SilenceIsGivenUp) {
  emulator_.post("faults", R"([{"stall": 5}])");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(kind_of(transport_,
                    {.url = list_url() + "?secret", .stall_timeout = std::chrono::seconds(1)}),
            Kind::kStalled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
}

TEST_F(CurlTransportTest, BrokenConnectionsAreTold) {
  emulator_.post("faults", R"([{"refuse": true}])");
  EXPECT_EQ(kind_of(transport_, {.url = list_url() + "?secret"}), Kind::kBroken);
  EXPECT_EQ(kind_of(transport_, {.url = "http://127.0.0.1:1/?secret"}), Kind::kConnect);
  EXPECT_EQ(kind_of(transport_, {.url = "http://no-such-host.invalid/?secret"}), Kind::kConnect);
}

TEST_F(CurlTransportTest, StopEndsAnExchange) {
  std::stop_source stop;
  CurlTransport transport(Settings{}, stop.get_token());
  emulator_.post("faults", R"([{"stall": 5}])");
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  EXPECT_EQ(kind_of(transport, {.url = list_url()}), Kind::kCancelled);
  EXPECT_EQ(kind_of(transport, {.url = list_url()}), Kind::kCancelled);
  EXPECT_EQ(transport.send({.url = list_url(), .cleanup = true}).status, 200);
}

TEST_F(CurlTransportTest, ProxyIsUsedUnlessToldOtherwise) {
  const std::string url = "http://no-such-host.invalid/storage/v1/b/test-bucket/o";
  CurlTransport through({.http_proxy = emulator_.url()});
  EXPECT_EQ(through.send({.url = url}).status, 200);
  EXPECT_EQ(kind_of(through, {.url = url, .past_proxy = true}), Kind::kConnect);
  CurlTransport around({.http_proxy = emulator_.url(), .no_proxy = ".invalid"});
  EXPECT_EQ(kind_of(around, {.url = url}), Kind::kConnect);
}

TEST_F(CurlTransportTest, AnswerLargerThanItsPlaceIsRefused) {
  std::vector<std::byte> place(3);
  EXPECT_EQ(kind_of(transport_, {.url = list_url(), .into = place}), Kind::kBroken);
}

TEST_F(CurlTransportTest, HandlesServeManyThreads) {
  std::atomic<int> num_ok = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 10; ++round) {
          num_ok += transport_.send({.url = list_url()}).status == 200 ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(num_ok, 80);
}

}  // namespace
}  // namespace temper::http
