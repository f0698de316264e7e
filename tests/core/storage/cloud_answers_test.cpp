// What the services answer, read strictly: JSON of GCS, XML of S3, AWS's files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/storage/credentials/aws_profile.h"
#include "core/storage/gcs/gcs_resource.h"
#include "core/storage/s3/s3_xml.h"
#include "tests/support/temporary_directory.h"

namespace temper::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kResource =
    R"({"name":"a/b","size":"12","generation":"1700000000000001","crc32c":"4waSgw==",)"
    R"("metadata":{"temper-attempt":"id"}})";

TEST(GcsResourceTest, FieldsAreRead) {
  const GcsResource resource = parse_resource(kResource, "x");
  EXPECT_EQ(resource.name, "a/b");
  EXPECT_EQ(resource.size_bytes, 12U);
  EXPECT_EQ(resource.generation, 1'700'000'000'000'001);
  EXPECT_EQ(resource.crc32c, 0xE3069283);  // of "123456789"
  EXPECT_EQ(resource.attempt, "id");
  EXPECT_EQ(crc32c_text(0xE3069283), "4waSgw==");
}

TEST(GcsResourceTest, EveryTruncationIsRefused) {
  for (std::size_t length = 0; length < kResource.size(); ++length) {
    EXPECT_THROW(parse_resource(kResource.substr(0, length), "x"), StorageError) << length;
  }
}

TEST(GcsResourceTest, HostileValuesAreRefused) {
  for (const char* json :
       {"[]", "{}", R"({"size":12})", R"({"size":"-1"})", R"({"size":"1e3"})", R"({"size":""})",
        R"({"size":"99999999999999999999"})", R"({"size":"1","generation":"x"})"}) {
    EXPECT_THROW(parse_resource(json, "x"), StorageError) << json;
  }
  for (const char* json : {R"({"items":[1]})", R"({"items":[{"name":"a"}]})", "1"}) {
    EXPECT_THROW(parse_gcs_page(json, "x"), StorageError) << json;
  }
}

TEST(GcsPageTest, LastPageMayBeEmpty) {
  EXPECT_THAT(parse_gcs_page(R"({"kind":"storage#objects"})", "x").objects, IsEmpty());
  const ObjectPage page =
      parse_gcs_page(R"({"items":[{"name":"a","size":"0"}],"nextPageToken":"t"})", "x");
  EXPECT_THAT(page.objects, ElementsAre(ObjectInfo{"a", 0}));
  EXPECT_EQ(page.next, "t");
}

TEST(ErrorReasonTest, ReadsBothShapes) {
  EXPECT_EQ(
      error_reason(R"({"error":{"code":403,"message":"no","errors":[{"reason":"forbidden"}]}})"),
      "forbidden: no");
  EXPECT_EQ(error_reason(R"({"error":"invalid_grant","error_description":"expired"})"),
            "invalid_grant: expired");
  for (const char* json : {"", "{", "[]", "{}", R"({"error":1})", R"({"error":{"errors":[1]}})"}) {
    EXPECT_EQ(error_reason(json), "") << json;
  }
}

constexpr std::string_view kPage =
    "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
    "<NextContinuationToken>next</NextContinuationToken>"
    "<Contents><Key>a%2Bb+c%0A</Key><Size>7</Size></Contents></ListBucketResult>";

TEST(S3PageTest, KeysAreDecoded) {
  const ObjectPage page = parse_s3_page(kPage, "x");
  EXPECT_THAT(page.objects, ElementsAre(ObjectInfo{"a+b c\n", 7}));
  EXPECT_EQ(page.next, "next");
}

TEST(S3PageTest, EveryTruncationIsRefused) {
  for (std::size_t length = 0; length < kPage.size(); ++length) {
    EXPECT_THROW(parse_s3_page(kPage.substr(0, length), "x"), StorageError) << length;
  }
}

TEST(S3PageTest, HostileValuesAreRefused) {
  for (const char* xml :
       {"<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    EXPECT_THROW(parse_s3_page(xml, "x"), StorageError) << xml;
  }
}

TEST(S3ErrorTest, ReadsCodeMessageAndRegion) {
  const S3Error error = parse_s3_error(
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message>"
      "<Region>eu-west-1</Region></Error>");
  EXPECT_EQ(error.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(error.message, "m");
  EXPECT_EQ(error.region, "eu-west-1");
  EXPECT_EQ(parse_s3_error("not xml").code, "");
}

TEST(AwsFileTest, SectionsAndSettingsAreRead) {
  const auto sections = parse_aws_file(
      "# comment\n[default]\naws_access_key_id = A\nregion=eu-west-1 \n\n"
      "[profile other]\ns3 =\n  nested = 1\nRegion = x=y\n",
      "file");
  EXPECT_EQ(sections.at("default").at("aws_access_key_id"), "A");
  EXPECT_EQ(sections.at("default").at("region"), "eu-west-1");
  EXPECT_EQ(sections.at("profile other").at("region"), "x=y");
  EXPECT_FALSE(sections.at("profile other").contains("nested"));
}

TEST(AwsFileTest, OtherLinesAreRefusedWithoutShowingThem) {
  for (const char* text : {"key = secret", "[default]\nsecret", "[default"}) {
    try {
      parse_aws_file(text, "file");
      ADD_FAILURE() << text;
    } catch (const UserError& error) {
      EXPECT_THAT(error.what(), HasSubstr("file:"));
      EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("secret")));
    }
  }
}

TEST(AwsProfileTest, CredentialsWinOverConfig) {
  const testing::TemporaryDirectory home;
  testing::write_file(home / ".aws/config",
                      "[profile work]\nregion = eu-west-1\naws_access_key_id = OLD\n");
  testing::write_file(home / ".aws/credentials", "[work]\naws_access_key_id = NEW\n");
  std::map<std::string, std::string> variables = {{"HOME", home.path().string()},
                                                  {"AWS_PROFILE", "work"}};
  const AwsProfile profile = load_aws_profile(Environment(variables));
  EXPECT_EQ(profile.at("aws_access_key_id"), "NEW");
  EXPECT_EQ(profile.at("region"), "eu-west-1");
  variables["AWS_PROFILE"] = "absent";
  EXPECT_THROW(load_aws_profile(Environment(variables)), UserError);
  variables.erase("AWS_PROFILE");
  EXPECT_THAT(load_aws_profile(Environment(variables)), IsEmpty());
}

}  // namespace
}  // namespace temper::storage
