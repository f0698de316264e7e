// Who asks: every way to credentials that Google's and AWS's own clients know, against emulated
// endpoints, and that no secret is ever seen outside of requests.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include "core/base/environment.h"
#include "core/http/curl_transport.h"
#include "core/storage/cloud/bucket_location.h"
#include "core/storage/credentials/aws_chain.h"
#include "core/storage/credentials/google_credentials.h"
#include "core/storage/gcs/gcs_store.h"
#include "tests/core/storage/cloud_stores.h"
#include "tests/core/storage/store_cases.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace temper::storage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A new RSA key: the private part in PEM, the public one as decimal numbers.
struct RsaKey {
  std::string pem;
  std::string modulus;
  std::string exponent;
};

RsaKey make_rsa_key() {
  const std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(EVP_RSA_gen(2048),
                                                                  ::EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&::BIO_free)> out(::BIO_new(::BIO_s_mem()), ::BIO_free);
  ::PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto length = static_cast<std::size_t>(BIO_get_mem_data(out.get(), &text));
  RsaKey result{std::string(text, length), "", ""};
  const auto decimal = [&](const char* name) {
    BIGNUM* number = nullptr;
    ::EVP_PKEY_get_bn_param(key.get(), name, &number);
    char* digits = ::BN_bn2dec(number);
    std::string value = digits;
    OPENSSL_free(digits);
    ::BN_free(number);
    return value;
  };
  result.modulus = decimal("n");
  result.exponent = decimal("e");
  return result;
}

class GoogleCredentialsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    emulator_ = new testing::Emulator("gcs_emulator.py", {"--require-token"});
    key_ = new RsaKey(make_rsa_key());
  }
  static void TearDownTestSuite() {
    delete emulator_;
    delete key_;
  }

  GoogleCredentialsTest() {
    emulator_->post("reset");
    emulator_->post("tokens",
                    fmt::format(R"({{"seconds": 3600, "revoke": true, "public_key": [{}, {}]}})",
                                key_->modulus, key_->exponent));
  }

  /// A store whose credentials are found with these variables.
  std::unique_ptr<ObjectStore> open(std::map<std::string, std::string> variables, Clock& clock) {
    variables.try_emplace("HOME", home_.path().string());
    OpenOptions options;
    options.environment = Environment(std::move(variables));
    options.policy = quick_retries(seconds(2));
    options.logger = Logger(LogLevel::kDebug, "", home_ / "log");
    GoogleIdentity identity = find_google_identity(options, clock);
    account_ = identity.account;
    return std::make_unique<GcsStore>(
        BucketLocation{"gs", "test-bucket", ""},
        GcsApi(emulator_->url(), "test-bucket", identity.account),
        http::Client(std::make_unique<http::CurlTransport>(http::Settings{}),
                     std::make_unique<GcsService>(std::move(identity.tokens)), clock,
                     {options.policy, options.logger}));
  }
  std::string file(const Json& content) {
    testing::write_file(home_ / "credentials.json", content.dump());
    return (home_ / "credentials.json").string();
  }
  Json service_account() const {
    return {{"type", "service_account"},
            {"client_email", "robot@project.iam.gserviceaccount.com"},
            {"private_key", key_->pem},
            {"private_key_id", "id"},
            {"token_uri", emulator_->url() + "/token"}};
  }
  Json external_account(const Json& source) const {
    return {{"type", "external_account"},
            {"audience", "//iam.googleapis.com/pool"},
            {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
            {"token_url", emulator_->url() + "/v1/token"},
            {"credential_source", source}};
  }
  void expect_works(std::map<std::string, std::string> variables) {
    const auto store = open(std::move(variables), clock_);
    store->write("key", as_bytes("x"));
    EXPECT_EQ(read_text(*store, "key"), "x");
  }
  /// What a use of the store says when it fails.
  std::string problem(std::map<std::string, std::string> variables, Clock& clock) {
    try {
      open(std::move(variables), clock)->write("key", as_bytes("x"));
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUser);
      return error.what();
    }
    return "no error";
  }
  std::size_t num_requests_with(const std::string& text) {
    std::size_t count = 0;
    for (const Json& entry : Json::parse(emulator_->get("log"))) {
      count += entry[1].get<std::string>().find(text) == std::string::npos ? 0U : 1U;
    }
    return count;
  }

  static testing::Emulator* emulator_;
  static RsaKey* key_;
  const testing::TemporaryDirectory home_;
  SystemClock clock_;
  std::string account_;
};

testing::Emulator* GoogleCredentialsTest::emulator_ = nullptr;
RsaKey* GoogleCredentialsTest::key_ = nullptr;

TEST_F(GoogleCredentialsTest, ServiceAccountSigns) {
  expect_works({{"GOOGLE_APPLICATION_CREDENTIALS", file(service_account())}});
  EXPECT_EQ(account_, "robot@project.iam.gserviceaccount.com");
  EXPECT_EQ(num_requests_with("/token"), 1U);  // one token for all requests
}

TEST_F(GoogleCredentialsTest, GcloudsLoginIsFound) {
  const Json login = {{"type", "authorized_user"},
                      {"client_id", "id"},
                      {"client_secret", "emulated-client-secret"},
                      {"refresh_token", "emulated-refresh-token"},
                      {"token_uri", emulator_->url() + "/token"}};
  testing::write_file(home_ / ".config/gcloud/application_default_credentials.json", login.dump());
  expect_works({});
  testing::write_file(home_ / "other/application_default_credentials.json", login.dump());
  expect_works({{"HOME", "/nowhere"}, {"CLOUDSDK_CONFIG", (home_ / "other").string()}});
}

TEST_F(GoogleCredentialsTest, WorkloadIdentityFromAFile) {
  testing::write_file(home_ / "subject", "emulated-subject-token\n");
  expect_works({{"GOOGLE_APPLICATION_CREDENTIALS",
                 file(external_account({{"file", (home_ / "subject").string()}}))}});
  testing::write_file(home_ / "subject", R"({"token": "emulated-subject-token"})");
  Json account =
      external_account({{"file", (home_ / "subject").string()},
                        {"format", {{"type", "json"}, {"subject_token_field_name", "token"}}}});
  account["service_account_impersonation_url"] =
      emulator_->url() + "/v1/projects/-/serviceAccounts/robot:generateAccessToken";
  expect_works({{"GOOGLE_APPLICATION_CREDENTIALS", file(account)}});
}

TEST_F(GoogleCredentialsTest, ImpersonatedServiceAccount) {
  expect_works(
      {{"GOOGLE_APPLICATION_CREDENTIALS",
        file({{"type", "impersonated_service_account"},
              {"service_account_impersonation_url",
               emulator_->url() + "/v1/projects/-/serviceAccounts/robot:generateAccessToken"},
              {"source_credentials", service_account()}})}});
}

TEST_F(GoogleCredentialsTest, MetadataServerIsTheLastResort) {
  expect_works({{"GCE_METADATA_HOST", emulator_->url().substr(7)}});
}

TEST_F(GoogleCredentialsTest, TokensAreRenewedBeforeTheyExpire) {
  emulator_->post("tokens", R"({"seconds": 200})");  // less than the margin
  expect_works({{"GOOGLE_APPLICATION_CREDENTIALS", file(service_account())}});
  EXPECT_GE(num_requests_with("/token"), 3U);
}

TEST_F(GoogleCredentialsTest, RevokedTokenIsReplacedOnce) {
  const auto store = open({{"GOOGLE_APPLICATION_CREDENTIALS", file(service_account())}}, clock_);
  store->write("key", as_bytes("x"));
  emulator_->post("tokens", R"({"revoke": true})");
  EXPECT_EQ(read_text(*store, "key"), "x");
  emulator_->post("tokens", R"({"seconds": -10})");  // all tokens are born dead
  emulator_->post("tokens", R"({"revoke": true})");
  try {
    static_cast<void>(store->read("key"));
    ADD_FAILURE() << "no error";
  } catch (const StorageError& error) {
    EXPECT_EQ(error.kind(), StorageError::Kind::kPermission);
    EXPECT_THAT(error.what(), HasSubstr("robot@project"));
  }
  emulator_->post("tokens", R"({"seconds": 3600})");
}

TEST_F(GoogleCredentialsTest, BadFilesAreNamed) {
  const auto with = [&](const Json& content) {
    return problem({{"GOOGLE_APPLICATION_CREDENTIALS", file(content)}}, clock_);
  };
  EXPECT_THAT(problem({{"GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file"}}, clock_),
              HasSubstr("/no/such/file"));
  EXPECT_THAT(with(Json::array()), HasSubstr("no JSON object"));
  EXPECT_THAT(with({{"type", "gdch_service_account"}}), HasSubstr("gdch_service_account"));
  EXPECT_THAT(with({{"type", "service_account"}}), HasSubstr("client_email"));
  Json account = service_account();
  account["private_key"] = "-----BEGIN secret";
  EXPECT_THAT(with(account), AllOf(HasSubstr("private_key"), Not(HasSubstr("BEGIN secret"))));
}

TEST_F(GoogleCredentialsTest, RefusedLoginSaysWhatToDo) {
  EXPECT_THAT(problem({{"GOOGLE_APPLICATION_CREDENTIALS",
                        file({{"type", "authorized_user"},
                              {"client_id", "id"},
                              {"client_secret", "s"},
                              {"refresh_token", "expired"},
                              {"token_uri", emulator_->url() + "/token"}})}},
                      clock_),
              AllOf(HasSubstr("invalid_grant"), HasSubstr("gcloud auth")));
}

TEST_F(GoogleCredentialsTest, WrongClockIsSaid) {
  testing::FakeClock clock;  // of January
  EXPECT_THAT(problem({{"GOOGLE_APPLICATION_CREDENTIALS", file(service_account())}}, clock),
              HasSubstr("This machine's clock is"));
}

TEST_F(GoogleCredentialsTest, NoCredentialsAreSaidSoon) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(problem({{"GCE_METADATA_HOST", "127.0.0.1:1"}}, clock_),
              HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(15));
}

TEST_F(GoogleCredentialsTest, SecretsStayInRequests) {
  ::testing::internal::CaptureStderr();
  std::string said;
  for (const char* kind : {R"("status": 503)", R"("lose_reply": true)", R"("status": 403)",
                           R"("status": 401)", R"("cut_request": 300000)"}) {
    for (int at = 0; at < 5; ++at) {
      emulator_->post("faults", fmt::format(R"([{{"at": {}, {}}}])", at, kind));
      try {
        const auto store =
            open({{"GOOGLE_APPLICATION_CREDENTIALS", file(service_account())}}, clock_);
        store->write("large", std::vector<std::byte>(9U << 20U));
        static_cast<void>(store->read("large"));
      } catch (const Error& error) {
        said += error.what();
      }
      emulator_->post("reset");
    }
  }
  said += ::testing::internal::GetCapturedStderr() + testing::read_file(home_ / "log");
  EXPECT_THAT(said, HasSubstr("retry 1"));  // something was said at all
  EXPECT_THAT(said, AllOf(Not(HasSubstr("ya29.")), Not(HasSubstr("PRIVATE KEY")),
                          Not(HasSubstr("upload_id")), Not(HasSubstr("assertion"))));
}

class AwsCredentialsTest : public ::testing::Test {
 protected:
  std::shared_ptr<const AwsCredentials> find(std::map<std::string, std::string> variables) {
    variables.try_emplace("HOME", home_.path().string());
    OpenOptions options;
    options.environment = Environment(std::move(variables));
    options.policy = quick_retries(seconds(2));
    options.logger = Logger(LogLevel::kError);
    AwsIdentity identity =
        find_aws_identity(options, load_aws_profile(options.environment), "us-east-1", clock_);
    EXPECT_THAT(identity.account, Not(HasSubstr("secret")));
    return identity.credentials->get();
  }
  std::string problem(std::map<std::string, std::string> variables) {
    try {
      find(std::move(variables));
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUser);
      return error.what();
    }
    return "no error";
  }

  testing::Emulator& emulator_ = emulator_of(Cloud::kS3);
  const testing::TemporaryDirectory home_;
  SystemClock clock_;
};

TEST_F(AwsCredentialsTest, EnvironmentComesFirst) {
  testing::write_file(home_ / ".aws/credentials",
                      "[default]\naws_access_key_id=FILE\naws_secret_access_key=secret\n");
  const auto found = find({{"AWS_ACCESS_KEY_ID", "ENV"},
                           {"AWS_SECRET_ACCESS_KEY", "secret"},
                           {"AWS_SESSION_TOKEN", "token"}});
  EXPECT_EQ(found->access_key_id, "ENV");
  EXPECT_EQ(found->session_token, "token");
  EXPECT_EQ(find({})->access_key_id, "FILE");
}

TEST_F(AwsCredentialsTest, WebIdentityAssumesTheRole) {
  testing::write_file(home_ / "token", "header.claims.signature\n");
  const auto found = find({{"AWS_WEB_IDENTITY_TOKEN_FILE", (home_ / "token").string()},
                           {"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/trainer"},
                           {"AWS_ENDPOINT_URL_STS", emulator_.url()}});
  EXPECT_FALSE(found->access_key_id.empty());
  EXPECT_FALSE(found->session_token.empty());
  EXPECT_TRUE(found->expiry.has_value());
}

TEST_F(AwsCredentialsTest, ContainerIsAsked) {
  testing::write_file(home_ / "authorization", "container-token\n");
  const auto found =
      find({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", emulator_.url() + "/container-credentials"},
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", (home_ / "authorization").string()}});
  EXPECT_EQ(found->access_key_id, "AKIDCONTAINER");
  EXPECT_TRUE(found->expiry.has_value());
}

TEST_F(AwsCredentialsTest, InstanceIsTheLastResort) {
  const auto found = find({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", emulator_.url() + "/"}});
  EXPECT_EQ(found->access_key_id, "AKIDINSTANCE");
  EXPECT_EQ(found->session_token, "emulated-session-token");
}

TEST_F(AwsCredentialsTest, NoneAreSaidWithAWayOut) {
  EXPECT_THAT(problem({{"AWS_EC2_METADATA_DISABLED", "true"}}), HasSubstr("AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(problem({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"}}),
              HasSubstr("aws configure"));
}

TEST_F(AwsCredentialsTest, ProfilesThatNeedMoreAreNamed) {
  testing::write_file(home_ / ".aws/config", "[default]\nsso_session = work\n");
  EXPECT_THAT(problem({}), AllOf(HasSubstr("sso_session"), HasSubstr("export-credentials")));
}

}  // namespace
}  // namespace temper::storage
