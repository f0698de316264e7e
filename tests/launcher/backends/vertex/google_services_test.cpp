#include "launcher/backends/vertex/google_services.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "launcher/backends/vertex/secret_manager.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_transport.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

recipe::Vertex example() {
  recipe::Vertex vertex;
  vertex.project = "p";
  vertex.region = "europe-west4";
  return vertex;
}

class GoogleServicesTest : public ::testing::Test {
 protected:
  void answer(int status, const std::string& body) {
    http::Response response;
    response.status = status;
    response.body = body;
    script_->answers.emplace_back(response);
  }

  /// A client whose tokens are "token-1", "token-2" …
  http::Client client() {
    auto tokens = std::make_unique<storage::RefreshingToken>(
        [this] {
          return storage::AccessToken{"token-" + std::to_string(++tokens_), {}};
        },
        clock_);
    return {std::make_unique<testing::ScriptedTransport>(script_),
            google_service(std::move(tokens)),
            clock_,
            {}};
  }

  std::string failure(const http::Client& client, int status, const std::string& body) {
    answer(status, body);
    try {
      static_cast<void>(
          good_body(client, "make a job",
                    client.send("make a job", http::Idempotency::kNever, {.url = "u"})));
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }

  testing::FakeClock clock_;
  int tokens_ = 0;
  std::shared_ptr<testing::ScriptedTransport::Script> script_ =
      std::make_shared<testing::ScriptedTransport::Script>();
};

TEST_F(GoogleServicesTest, EndpointsAreGooglesUnlessGiven) {
  recipe::Vertex vertex = example();
  EXPECT_EQ(google_endpoint(vertex, "aiplatform"),
            "https://europe-west4-aiplatform.googleapis.com");
  EXPECT_EQ(google_endpoint(vertex, "logging"), "https://logging.googleapis.com");
  vertex.endpoint = "https://{service}-lab.p.googleapis.com/";
  EXPECT_EQ(google_endpoint(vertex, "secretmanager"), "https://secretmanager-lab.p.googleapis.com");
  vertex.endpoint = "http://127.0.0.1:1";
  EXPECT_EQ(google_endpoint(vertex, "logging"), "http://127.0.0.1:1");
}

TEST_F(GoogleServicesTest, ARefusedTokenIsFetchedAgain) {
  const http::Client asked = client();
  answer(401, "{}");
  answer(200, "fine");
  EXPECT_EQ(asked.send("ask", http::Idempotency::kNever, {.url = "u"}).body, "fine");
  EXPECT_EQ(script_->sent.at(0).headers.get("Authorization"), "Bearer token-1");
  EXPECT_EQ(script_->sent.at(1).headers.get("Authorization"), "Bearer token-2");
}

TEST_F(GoogleServicesTest, FailuresAreToldInGooglesWordsWithTheWayOut) {
  const http::Client asked = client();
  EXPECT_THAT(
      failure(asked, 403, R"({"error": {"code": 403, "message": "Permission 'x' denied"}})"),
      AllOf(HasSubstr("cannot make a job: HTTP status 403: Permission 'x' denied. "),
            HasSubstr("Vertex AI User")));
  EXPECT_THAT(failure(asked, 404, ""), HasSubstr("Are project, region and endpoint"));
  EXPECT_THAT(failure(asked, 400, R"({"error": {"message": "bad label"}})"),
              HasSubstr("bad label"));
}

TEST_F(GoogleServicesTest, AQuotaOfMachinesIsNotWaitedFor) {
  const http::Client asked = client();
  EXPECT_THAT(failure(asked, 429,
                      R"({"error": {"message": "The following quota metrics exceed quota limits: )"
                      R"(aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus"}})"),
              AllOf(HasSubstr("nvidia_l4_gpus"), HasSubstr("Ask for more quota")));
  EXPECT_EQ(script_->sent.size(), 1U);
}

TEST_F(GoogleServicesTest, TooManyRequestsAreSentAgain) {
  const http::Client asked = client();
  answer(429, R"({"error": {"message": "Quota exceeded for requests per minute"}})");
  answer(200, "fine");
  EXPECT_EQ(asked.send("ask", http::Idempotency::kAlways, {.url = "u"}).body, "fine");
}

TEST_F(GoogleServicesTest, SecretsAreFetchedByTheirVersions) {
  answer(200, R"({"payload": {"data": "aGZfc2VjcmV0Cg=="}})");
  const auto secrets =
      fetch_secrets(example(), client(), {{"HF_TOKEN", "projects/p/secrets/hub/versions/latest"}});
  EXPECT_EQ(secrets, (std::map<std::string, std::string>{{"HF_TOKEN", "hf_secret"}}));
  EXPECT_EQ(script_->sent.at(0).url,
            "https://secretmanager.googleapis.com/v1/projects/p/secrets/hub/versions/"
            "latest:access");
}

TEST_F(GoogleServicesTest, WhatIsNoSecretIsExplainedWithoutShowingIt) {
  const std::string whole = R"({"payload": {"data": "aGZfc2VjcmV0Cg=="}})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(parse_secret("T", whole.substr(0, length)), UserError) << length;
  }
  for (const char* json : {R"({"payload": {"data": "not base64 hf_x"}})", R"({"payload": "hf_x"})",
                           R"({"payload": {"data": 7}})"}) {
    try {
      parse_secret("T", json);
      FAIL() << json;
    } catch (const UserError& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("hf_x")));
    }
  }
}

}  // namespace
}  // namespace temper::launch
