#include "core/hub/lfs_batch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace temper::hub {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const LfsObject kObject{std::string(64, 'a'), 25};

json answer_with(const json& item, const char* transfer = "basic") {
  return {{"transfer", transfer}, {"objects", json::array({item})}};
}

json multipart_item() {
  return {{"oid", kObject.sha256},
          {"size", 25},
          {"actions",
           {{"upload",
             {{"href", "https://hub/complete"},
              {"header",
               {{"chunk_size", "10"},
                {"1", "https://s3/1"},
                {"2", "https://s3/2"},
                {"3", "https://s3/3"}}}}},
            {"verify", {{"href", "https://hub/verify"}, {"header", {{"X-A", "b"}}}}}}}};
}

std::vector<LfsUpload> parse(const json& answer) {
  return parse_batch_answer(answer.dump(), std::vector{kObject}, "the answer");
}

std::string message_of(const json& answer) {
  try {
    parse(answer);
  } catch (const RetryableError& error) {
    return error.what();
  }
  return "";
}

TEST(LfsBatchTest, AsksAsGitLfsDoes) {
  EXPECT_EQ(json::parse(batch_body(std::vector{kObject}, "main")),
            json::parse(fmt::format(R"({{
    "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
    "ref": {{"name": "main"}}, "objects": [{{"oid": "{}", "size": 25}}]}})",
                                    kObject.sha256)));
}

TEST(LfsBatchTest, UnderstandsThatTheServerHasTheObject) {
  EXPECT_TRUE(parse(answer_with({{"oid", kObject.sha256}, {"size", 25}})).at(0).is_stored());
}

TEST(LfsBatchTest, UnderstandsABasicUpload) {
  const json action = {{"href", "https://s3/x?sig=1"}, {"header", {{"X-Amz", "1"}}}};
  const auto upload =
      parse(answer_with({{"oid", kObject.sha256}, {"size", 25}, {"actions", {{"upload", action}}}}))
          .at(0);
  ASSERT_TRUE(upload.basic);
  EXPECT_EQ(upload.basic->url, "https://s3/x?sig=1");
  EXPECT_EQ(upload.basic->headers.get("x-amz"), "1");
  EXPECT_FALSE(upload.verify);
}

TEST(LfsBatchTest, UnderstandsAMultipartUpload) {
  const auto upload = parse(answer_with(multipart_item(), "multipart")).at(0);
  ASSERT_TRUE(upload.completion);
  EXPECT_EQ(upload.completion->url, "https://hub/complete");
  EXPECT_TRUE(upload.completion->headers.fields().empty());
  EXPECT_EQ(upload.part_bytes, 10U);
  EXPECT_THAT(upload.part_urls, ElementsAre("https://s3/1", "https://s3/2", "https://s3/3"));
  ASSERT_TRUE(upload.verify);
  EXPECT_EQ(upload.verify->headers.get("X-A"), "b");
}

TEST(LfsBatchTest, UnderstandsPaddedPartNumbers) {
  json item = multipart_item();
  item["actions"]["upload"]["header"] = {{"chunk_size", 10},
                                         {"00001", "https://s3/1"},
                                         {"00002", "https://s3/2"},
                                         {"00003", "https://s3/3"}};
  EXPECT_THAT(parse(answer_with(item, "multipart")).at(0).part_urls,
              ElementsAre("https://s3/1", "https://s3/2", "https://s3/3"));
}

TEST(LfsBatchTest, ARefusedObjectSaysWhy) {
  const auto upload = parse(answer_with({{"oid", kObject.sha256},
                                         {"error", {{"code", 413}, {"message", "too large"}}}}))
                          .at(0);
  EXPECT_EQ(upload.refusal, "too large (413)");
}

TEST(LfsBatchTest, DoesNotBelieveAnAnswerThatDoesNotFit) {
  EXPECT_THAT(message_of(json::object()), HasSubstr("the answer: "));
  EXPECT_THAT(message_of({{"objects", json::array()}}), HasSubstr("leaves out the object"));
  EXPECT_THAT(message_of({{"objects", json::array({1})}}), HasSubstr("not an answer of Git LFS"));
  const auto changed = [](const char* place, const json& value) {
    json item = multipart_item();
    item[json::json_pointer(std::string("/actions/upload/header/") + place)] = value;
    return message_of(answer_with(item, "multipart"));
  };
  EXPECT_THAT(changed("chunk_size", "0"), HasSubstr("parts of 0 bytes"));
  EXPECT_THAT(changed("chunk_size", -1), HasSubstr("not an answer"));
  EXPECT_THAT(changed("chunk_size", "x"), HasSubstr("not an answer"));
  EXPECT_EQ(changed("chunk_size", "9"), "") << "still 3 parts";
  EXPECT_THAT(changed("chunk_size", "8"), HasSubstr("3 URLs for 4 parts"));
  EXPECT_THAT(changed("4", "https://s3/4"), HasSubstr("4 URLs for 3 parts"));
  EXPECT_THAT(changed("2", 7), HasSubstr("not an answer"));
}

TEST(LfsBatchTest, EveryTruncationIsAnError) {
  const std::string whole = answer_with(multipart_item(), "multipart").dump();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(parse_batch_answer(whole.substr(0, size), std::vector{kObject}, "x"),
                 RetryableError)
        << size;
  }
}

TEST(LfsBatchTest, CompletesAndVerifies) {
  EXPECT_EQ(
      json::parse(parts_body(kObject, std::vector<std::string>{"\"e1\"", "\"e2\""})),
      (json{{"oid", kObject.sha256},
            {"parts",
             {{{"partNumber", 1}, {"etag", "\"e1\""}}, {{"partNumber", 2}, {"etag", "\"e2\""}}}}}));
  EXPECT_EQ(json::parse(verify_body(kObject)), (json{{"oid", kObject.sha256}, {"size", 25}}));
}

}  // namespace
}  // namespace temper::hub
