#include "core/hub/hub_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/hub/revision.h"
#include "tests/core/hub/scripted_hub.h"

namespace temper::hub {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = HubError::Kind;

const std::string kCommit(40, 'c');

/// An answer of the Hub and what it means.
struct Refusal {
  std::string name;
  std::string token;
  int status;
  http::Headers headers;
  Kind kind;
  std::string told;  ///< a part of the message
};

class HubApiRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(HubApiRefusal, IsToldApart) {
  const Refusal& refusal = GetParam();
  ScriptedHub hub(ScriptedHub::settings(refusal.token));
  hub.answer(refusal.status, "", refusal.headers);
  try {
    resolve_commit(hub.api, parse_hub_url("hf://org/name@v1"));
    FAIL() << "no error";
  } catch (const HubError& error) {
    EXPECT_EQ(error.kind(), refusal.kind) << error.what();
    EXPECT_EQ(error.exit_code(), ExitCode::kUser);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("look up hf://org/name@v1"), HasSubstr(refusal.told),
                                    Not(HasSubstr("hf_x"))));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Answers, HubApiRefusal,
    ::testing::Values(
        Refusal{"NoRepository",
                "hf_x",
                404,
                {{"X-Error-Code", "RepoNotFound"}},
                Kind::kNoRepository,
                "the token of HF_TOKEN may not see it"},
        Refusal{"NoRepositoryWithoutToken",
                "",
                401,
                {{"X-Error-Code", "RepoNotFound"}},
                Kind::kNoRepository,
                "no token (set HF_TOKEN"},
        Refusal{"UnauthorizedWithoutCode", "", 401, {}, Kind::kNoRepository, "'org/name'"},
        Refusal{"NoRevision",
                "",
                404,
                {{"X-Error-Code", "RevisionNotFound"}},
                Kind::kNoRevision,
                "no branch, tag or commit 'v1'"},
        Refusal{"GatedWithoutToken",
                "",
                401,
                {{"X-Error-Code", "GatedRepo"}},
                Kind::kGated,
                "then set HF_TOKEN"},
        Refusal{"GatedWithToken",
                "hf_x",
                403,
                {{"X-Error-Code", "GatedRepo"}},
                Kind::kGated,
                "as the owner of the token of HF_TOKEN"},
        Refusal{"TokenRefused",
                "hf_x",
                401,
                {{"X-Error-Message", "Invalid credentials in Authorization header"}},
                Kind::kTokenRefused,
                "wrong, expired or revoked"},
        Refusal{"NoToken",
                "",
                401,
                {{"X-Error-Message", "Invalid username or password."}},
                Kind::kNoToken,
                "set HF_TOKEN"},
        Refusal{"Forbidden",
                "hf_x",
                403,
                {{"X-Error-Message", "use a write token"}},
                Kind::kForbidden,
                "use a write token"},
        Refusal{"TooLarge", "hf_x", 413, {}, Kind::kTooLarge, "500 GB"},
        Refusal{"Conflict", "hf_x", 412, {}, Kind::kConflict, "meanwhile"}),
    [](const auto& test) { return test.param.name; });

TEST(HubApiTest, ResolvesABranch) {
  ScriptedHub hub(ScriptedHub::settings("hf_x"));
  hub.answer(200, R"({"sha":")" + kCommit + R"("})");
  EXPECT_EQ(resolve_commit(hub.api, parse_hub_url("hf://org/name@topic%2Fa")), kCommit);
  ASSERT_EQ(hub.sent().size(), 1U);
  EXPECT_EQ(hub.sent()[0].url, "https://hub.example/api/models/org/name/revision/topic%2Fa");
  EXPECT_EQ(hub.sent()[0].headers.get("Authorization"), "Bearer hf_x");
}

TEST(HubApiTest, AsksNothingForACommit) {
  ScriptedHub hub(ScriptedHub::settings());
  EXPECT_EQ(resolve_commit(hub.api, parse_hub_url("hf://org/name@" + kCommit)), kCommit);
  EXPECT_TRUE(hub.sent().empty());
}

TEST(HubApiTest, RefusesAnswersWithoutCommit) {
  for (const std::string body :
       {"", "<html>", "[]", "{}", R"({"sha":7})", R"({"sha":"../../x"})"}) {
    ScriptedHub hub(ScriptedHub::settings());
    hub.answer(200, body);
    EXPECT_THROW(resolve_commit(hub.api, parse_hub_url("hf://org/name")), HubError) << body;
  }
}

TEST(HubApiTest, AsksNobodyWhenOffline) {
  HubSettings settings = ScriptedHub::settings();
  settings.offline = true;
  ScriptedHub hub(settings);
  try {
    resolve_commit(hub.api, parse_hub_url("hf://org/name"));
    FAIL();
  } catch (const HubError& error) {
    EXPECT_EQ(error.kind(), Kind::kOffline);
    EXPECT_THAT(error.what(), HasSubstr("HF_HUB_OFFLINE"));
  }
  EXPECT_TRUE(hub.sent().empty());
}

TEST(HubApiTest, WaitsAsTheRateLimitSays) {
  ScriptedHub hub(ScriptedHub::settings());
  hub.answer(429, "", {{"RateLimit", "\"api\";r=0;t=55"}});
  hub.answer(200, R"({"sha":")" + kCommit + R"("})");
  EXPECT_EQ(resolve_commit(hub.api, parse_hub_url("hf://org/name")), kCommit);
  EXPECT_GE(hub.clock.sleeps().front(), std::chrono::seconds(56));
}

TEST(HubApiTest, GivesUpOnAHubThatIsDown) {
  ScriptedHub hub(ScriptedHub::settings());
  for (int i = 0; i < 100; ++i) {
    hub.answer(503);
  }
  try {
    resolve_commit(hub.api, parse_hub_url("hf://org/name"));
    FAIL();
  } catch (const HubError& error) {
    EXPECT_EQ(error.kind(), Kind::kUnavailable);
    EXPECT_EQ(error.exit_code(), ExitCode::kRetryable);
  }
}

}  // namespace
}  // namespace temper::hub
