#pragma once

#include <memory>
#include <string>

#include "core/hub/hub_api.h"
#include "core/hub/hub_service.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_transport.h"

namespace temper::hub {

/// A Hub whose answers are a script's. For one test.
class ScriptedHub {
 public:
  explicit ScriptedHub(HubSettings settings)
      : api(settings, http::Client(std::make_unique<temper::testing::ScriptedTransport>(script_),
                                   std::make_unique<HubService>(settings), clock,
                                   {.logger = Logger(LogLevel::kError)})) {}

  void answer(int status, std::string body = "", http::Headers headers = {}) {
    script_->answers.emplace_back(
        http::Response{.status = status, .headers = std::move(headers), .body = std::move(body)});
  }
  void fail(http::TransportError::Kind kind) {
    script_->answers.emplace_back(http::TransportError(kind, "hub.example: cut"));
  }
  const std::vector<temper::testing::SentRequest>& sent() const { return script_->sent; }

  static HubSettings settings(const std::string& token = "") {
    HubSettings settings;
    settings.endpoint = "https://hub.example";
    settings.cache = "/nowhere";
    if (!token.empty()) {
      settings.token = Token(token, "HF_TOKEN");
    }
    return settings;
  }

 private:
  const std::shared_ptr<temper::testing::ScriptedTransport::Script> script_ =
      std::make_shared<temper::testing::ScriptedTransport::Script>();

 public:
  temper::testing::FakeClock clock;
  const HubApi api;
};

}  // namespace temper::hub
