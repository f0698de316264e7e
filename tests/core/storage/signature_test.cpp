// The examples of "Authenticating Requests: Using the Authorization Header (AWS Signature Version
// 4)" in the Amazon S3 API Reference.

#include "core/storage/s3/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/hash.h"
#include "core/base/time_format.h"

namespace temper::storage {
namespace {

using ::testing::HasSubstr;

const AwsCredentials kExample{
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}};
const SigningScope kScope{.region = "us-east-1", .time = *parse_rfc3339("2013-05-24T00:00:00Z")};

std::string authorization(http::Request request) {
  sign_request(request, kExample, kScope, sha256_hex(request.body));
  return request.headers.get("Authorization").value_or("");
}

TEST(SignatureTest, GetObjectWithARange) {
  EXPECT_THAT(authorization({.url = "https://examplebucket.s3.amazonaws.com/test.txt",
                             .headers = {{"Range", "bytes=0-9"}}}),
              HasSubstr("Signature="
                        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

TEST(SignatureTest, BucketLifecycle) {
  EXPECT_THAT(authorization({.url = "https://examplebucket.s3.amazonaws.com/?lifecycle="}),
              HasSubstr("Signature="
                        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(SignatureTest, ListObjects) {
  EXPECT_THAT(
      authorization({.url = "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J"}),
      HasSubstr("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SignatureTest, SessionTokenIsSentAndSigned) {
  http::Request request{.url = "https://examplebucket.s3.amazonaws.com/x"};
  AwsCredentials credentials = kExample;
  credentials.session_token = "session";
  sign_request(request, credentials, kScope, "UNSIGNED-PAYLOAD");
  EXPECT_EQ(request.headers.get("x-amz-security-token"), "session");
  EXPECT_THAT(request.headers.get("Authorization").value_or(""), HasSubstr("x-amz-security-token"));
  for (const auto& [name, value] : request.headers.fields()) {
    EXPECT_EQ(value.find(kExample.secret_access_key), std::string::npos) << name;
  }
}

// RFC 4231, test case 2.
TEST(HmacTest, MatchesTheVectorOfTheStandard) {
  std::string hexadecimal;
  for (const char byte : hmac_sha256("Jefe", "what do ya want for nothing?")) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hexadecimal += kDigits[static_cast<unsigned char>(byte) >> 4U];
    hexadecimal += kDigits[static_cast<unsigned char>(byte) & 15U];
  }
  EXPECT_EQ(hexadecimal, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace temper::storage
