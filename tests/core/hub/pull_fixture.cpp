#include "tests/core/hub/pull_fixture.h"

namespace temper::hub {

temper::testing::Emulator& emulated_hub() {
  static temper::testing::Emulator emulator("hub_emulator.py", {"--page", "7"});
  return emulator;
}

PullFixture::PullFixture() {
  emulated_hub().post("reset");
}

storage::OpenOptions PullFixture::options(
    const std::map<std::string, std::string>& variables) const {
  std::map<std::string, std::string> all = variables;
  all.insert({{"HF_ENDPOINT", emulated_hub().url()},
              {"HF_HUB_CACHE", cache().string()},
              {"HOME", folder_.path().string()}});
  storage::OpenOptions options;
  options.environment = Environment(all);
  options.logger = Logger(LogLevel::kError);
  return options;
}

HubApi PullFixture::hub(const std::map<std::string, std::string>& variables) {
  return open_hub(options(variables), clock_);
}

std::string PullFixture::put(const std::string& name, const Json& files, const Json& more) {
  Json request = {{"name", name}, {"files", files}};
  request.update(more);
  return Json::parse(emulated_hub().post("repository", request.dump()))["commit"];
}

void PullFixture::fault(const Json& faults) {
  emulated_hub().post("faults", faults.dump());
}

std::vector<nlohmann::json> PullFixture::requests(const std::string& host) const {
  std::vector<Json> chosen;
  for (const Json& request : Json::parse(emulated_hub().get("requests"))) {
    if (host.empty() || request["host"] == host) {
      chosen.push_back(request);
    }
  }
  return chosen;
}

std::pair<HubError::Kind, std::string> PullFixture::error_of(
    const std::function<void()>& operation) {
  try {
    operation();
  } catch (const HubError& error) {
    return {error.kind(), error.what()};
  }
  ADD_FAILURE() << "no error";
  return {HubError::Kind::kRefused, ""};
}

}  // namespace temper::hub
