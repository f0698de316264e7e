#include "core/hub/hub_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace temper::hub {
namespace {

using ::testing::HasSubstr;

HubSettings settings_with(const std::string& token) {
  HubSettings settings;
  settings.endpoint = "https://hub.example";
  if (!token.empty()) {
    settings.token = Token(token, "HF_TOKEN");
  }
  return settings;
}

std::string authorization_for(const std::string& url) {
  HubService service(settings_with("hf_x"));
  http::Request request;
  request.url = url;
  service.authorize(request);
  return request.headers.get("Authorization").value_or("");
}

TEST(HubServiceTest, TellsTheTokenToTheEndpointOnly) {
  EXPECT_EQ(authorization_for("https://hub.example/api/x"), "Bearer hf_x");
  EXPECT_EQ(authorization_for("https://HUB.example:443/api/x"), "Bearer hf_x");
  for (const std::string url :
       {"http://hub.example/api/x", "https://hub.example:8443/x", "https://cdn.example/x",
        "https://hub.example.evil/x", "https://hub.example@evil/x", "https://evil/hub.example"}) {
    EXPECT_EQ(authorization_for(url), "") << url;
  }
}

TEST(HubServiceTest, SendsNothingWithoutAToken) {
  HubService service(settings_with(""));
  http::Request request;
  request.url = "https://hub.example/x";
  service.authorize(request);
  EXPECT_FALSE(request.headers.get("Authorization"));
}

http::Response rate_limited() {
  http::Response response;
  response.status = 429;
  response.headers = {{"RateLimit", "\"resolvers\"; r=0; t=55"},
                      {"RateLimit-Policy", "\"fixed window\";\"resolvers\";q=3000;w=300"},
                      {"Retry-After", "7"}};
  return response;
}

TEST(HubServiceTest, WaitsForTheEndOfTheWindow) {
  HubService service(settings_with(""));
  EXPECT_EQ(service.retry_after(rate_limited()), std::chrono::seconds(56));
  http::Response plain;
  plain.status = 503;
  plain.headers = {{"Retry-After", "7"}};
  EXPECT_EQ(service.retry_after(plain), std::chrono::seconds(7));
}

TEST(HubServiceTest, ExplainsTheRateLimit) {
  HubService service(settings_with(""));
  const std::string reason = service.reason(rate_limited());
  EXPECT_THAT(reason, HasSubstr("3000 requests in 300 s to resolvers"));
  EXPECT_THAT(reason, HasSubstr("more in 55 s"));
  EXPECT_THAT(reason, HasSubstr("HF_TOKEN"));
}

TEST(HubServiceTest, ReadsNonsenseAsNoLimit) {
  const RateLimit limit = rate_limit_of({{"RateLimit", "\"api;r=;t=x"}});
  EXPECT_FALSE(limit.remaining);
  EXPECT_FALSE(limit.reset_seconds);
}

TEST(HubServiceTest, ShowsMessagesOnOneShortLine) {
  http::Response response;
  response.body = R"({"error": "line\nline"})";
  EXPECT_EQ(error_message(response), "line line");
  response.body = "<html>long page</html>";
  EXPECT_EQ(error_message(response), "");
  response.body = std::string(10'000, 'x');
  EXPECT_LT(error_message(response).size(), 400U);
}

}  // namespace
}  // namespace temper::hub
