#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/hub/hub_api.h"
#include "core/hub/open_hub.h"
#include "tests/support/emulator.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace temper::hub {

/// The emulated Hub of this program; started by the first use, forgotten by reset().
temper::testing::Emulator& emulated_hub();

/// An empty Hub and an empty cache. Waits of retries take no time.
class PullFixture : public ::testing::Test {
 protected:
  using Json = nlohmann::json;

  PullFixture();

  /// Options of a store or a Hub with these variables besides endpoint, cache and HOME.
  storage::OpenOptions options(const std::map<std::string, std::string>& variables = {}) const;
  HubApi hub(const std::map<std::string, std::string>& variables = {});

  /// Creates or extends a repository; the commit.
  std::string put(const std::string& name, const Json& files, const Json& more = Json::object());
  void fault(const Json& faults);
  /// What was asked so far: of "hub", of "cdn", or of both ("").
  std::vector<Json> requests(const std::string& host = "") const;
  /// The kind of HubError that `operation` throws, and its message.
  static std::pair<HubError::Kind, std::string> error_of(const std::function<void()>& operation);

  std::filesystem::path cache() const { return folder_ / "hub"; }

  temper::testing::TemporaryDirectory folder_;
  temper::testing::FakeClock clock_;
};

}  // namespace temper::hub
