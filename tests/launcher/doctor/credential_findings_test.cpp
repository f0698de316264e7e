#include "launcher/doctor/credential_findings.h"

#include <gmock/gmock.h>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using State = Finding::State;
using Variables = std::map<std::string, std::string>;

class CredentialFindingsTest : public ::testing::Test {
 protected:
  /// Google Cloud's, S3's and the Hub's, in a home without anything but what the test put there.
  std::vector<Finding> look(Variables variables = {}) {
    variables.insert({"HOME", home_.path().string()});
    testing::FakeClock clock;
    auto findings = credential_findings(Environment(variables), clock);
    EXPECT_THAT(findings, SizeIs(3));
    for (const Finding& finding : findings) {
      EXPECT_THAT(finding.detail + finding.advice, Not(HasSubstr("s3cr3t")));
    }
    return findings;
  }
  testing::TemporaryDirectory home_;
};

TEST_F(CredentialFindingsTest, NothingThereIsAbsent) {
  for (const Finding& finding : look()) {
    EXPECT_EQ(finding.state, State::kAbsent) << finding.what;
    EXPECT_NE(finding.advice, "") << finding.what;
  }
}

TEST_F(CredentialFindingsTest, FilesOfTheHome) {
  testing::write_file(home_ / ".config/gcloud/application_default_credentials.json",
                      R"({"type": "authorized_user", "client_id": "s3cr3t", "client_secret":)"
                      R"( "s3cr3t", "refresh_token": "s3cr3t", "account": "me@example.com"})");
  testing::write_file(home_ / ".aws/credentials",
                      "[default]\naws_access_key_id = s3cr3t\naws_secret_access_key = s3cr3t\n");
  testing::write_file(home_ / ".cache/huggingface/token", "hf_s3cr3t\n");
  const auto findings = look();
  EXPECT_THAT(findings[0].detail, AllOf(HasSubstr("me@example.com"), HasSubstr(".config/gcloud")));
  EXPECT_THAT(findings[1].detail, HasSubstr("profile 'default'"));
  EXPECT_THAT(findings[2].detail, HasSubstr("huggingface/token"));
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.state, State::kOk) << finding.what;
  }
}

TEST_F(CredentialFindingsTest, VariablesOfTheEnvironment) {
  const auto findings = look({{"AWS_ACCESS_KEY_ID", "s3cr3t"},
                              {"AWS_SECRET_ACCESS_KEY", "s3cr3t"},
                              {"HF_TOKEN", "hf_s3cr3t"},
                              {"HF_HUB_OFFLINE", "1"}});
  EXPECT_THAT(findings[1].detail, HasSubstr("AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(findings[2].detail, AllOf(HasSubstr("HF_TOKEN"), HasSubstr("offline")));
  EXPECT_THAT(look({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://x/s3cr3t"}})[1].detail,
              HasSubstr("container"));
  EXPECT_THAT(look({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/x"}, {"AWS_ROLE_ARN", "s3cr3t"}})[1].detail,
              HasSubstr("web identity"));
}

TEST_F(CredentialFindingsTest, WhatCantBeReadIsAWarning) {
  testing::write_file(home_ / "key.json", "no JSON");
  const auto findings = look({{"GOOGLE_APPLICATION_CREDENTIALS", (home_ / "key.json").string()},
                              {"AWS_PROFILE", "nobody"},
                              {"HF_TOKEN", "hf with spaces"}});
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.state, State::kWarning) << finding.what << ": " << finding.detail;
  }
  EXPECT_THAT(findings[0].detail, HasSubstr("key.json"));
}

}  // namespace
}  // namespace temper::launch
