#include "core/hub/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/core/hub/scripted_hub.h"

namespace temper::hub {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = HubError::Kind;

std::string answer_of(const std::string& role) {
  return R"({"name":"ann","orgs":[{"name":"org"}],"auth":{"accessToken":{"role":")" + role +
         R"("}}})";
}

/// The kind and message of the refusal; kRefused and "" if there is none.
std::pair<Kind, std::string> check(const std::string& repository, const std::string& role,
                                   const std::string& token = "hf_x") {
  ScriptedHub hub(ScriptedHub::settings(token));
  hub.answer(200, answer_of(role));
  try {
    check_push_target(hub.api, repository);
  } catch (const HubError& error) {
    return {error.kind(), error.what()};
  }
  return {Kind::kRefused, ""};
}

TEST(IdentityTest, IsRead) {
  ScriptedHub hub(ScriptedHub::settings("hf_x"));
  hub.answer(200, answer_of("write"));
  const Identity identity = ask_identity(hub.api);
  EXPECT_EQ(identity.user, "ann");
  EXPECT_EQ(identity.role, "write");
  EXPECT_TRUE(identity.is_member_of("org"));
  EXPECT_FALSE(identity.is_member_of("other"));
}

TEST(IdentityTest, SurvivesAnyAnswer) {
  for (const std::string& body :
       {std::string("[]"), std::string("{}"), std::string("x"), answer_of("w").substr(0, 40),
        std::string(R"({"name":7,"auth":3,"orgs":[1]})")}) {
    ScriptedHub hub(ScriptedHub::settings("hf_x"));
    hub.answer(200, body);
    EXPECT_THROW(ask_identity(hub.api), HubError) << body;
  }
}

TEST(IdentityTest, PushTargetsOfTheTokensUserAreFine) {
  EXPECT_EQ(check("org/name", "write").second, "");
  EXPECT_EQ(check("ann/name", "fineGrained").second, "");
}

TEST(IdentityTest, SaysWhatWouldRefuseThePush) {
  EXPECT_THAT(check("org/name", "read").second,
              AllOf(HasSubstr("may only read"), HasSubstr("HF_TOKEN"), Not(HasSubstr("hf_x"))));
  EXPECT_THAT(check("bob/name", "write").second,
              AllOf(HasSubstr("'bob' is neither"), HasSubstr("ann"), HasSubstr("org")));
  EXPECT_EQ(check("org/name", "write", "").first, Kind::kNoToken);
  EXPECT_THROW(check("org/na me", "write"), UserError);
}

}  // namespace
}  // namespace temper::hub
