#include "core/storage/open_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/core/storage/store_cases.h"

namespace temper::storage {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(const std::string& location) {
  try {
    return "opened " + open_store(location)->url();
  } catch (const UserError& error) {
    return error.what();
  }
}

TEST(OpenStoreTest, PathAndFileUrlAreTheSameStore) {
  const testing::TemporaryDirectory folder;
  open_store(folder.path().string())->write("key", as_bytes("x"));
  const auto store = open_store("file://" + folder.path().string() + "/");
  EXPECT_EQ(read_text(*store, "key"), "x");
  EXPECT_EQ(store->url(), "file://" + folder.path().string());
}

TEST(OpenStoreTest, RelativePathStartsHere) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(open_store("runs/../x")->url(), "file://" + here + "/x");
  EXPECT_EQ(open_store(".")->url(), "file://" + here);
}

TEST(OpenStoreTest, MemoryStoresAreNew) {
  const auto first = open_store("memory://a");
  first->write("key", as_bytes("x"));
  EXPECT_EQ(first->url(), "memory://a");
  EXPECT_EQ(open_store("memory://a")->read("key"), std::nullopt);
}

TEST(OpenStoreTest, UnknownSchemeListsTheKnownOnes) {
  const std::string message = refusal_of("ftp://bucket/runs");
  EXPECT_THAT(message, HasSubstr("ftp://bucket/runs"));
  EXPECT_THAT(message, HasSubstr("file://"));
  EXPECT_THAT(message, HasSubstr("gs://"));
  EXPECT_THAT(refusal_of("fille:///x"), HasSubstr("did you mean 'file'"));
}

TEST(OpenStoreTest, BucketsAreOpenedWithoutAskingThem) {
  SystemClock clock;
  OpenOptions options;
  options.environment = Environment({{"STORAGE_EMULATOR_HOST", "127.0.0.1:1"},
                                     {"AWS_ACCESS_KEY_ID", "id"},
                                     {"AWS_SECRET_ACCESS_KEY", "secret"}});
  EXPECT_EQ(open_store("gs://bucket/a/b/", options, clock)->url(), "gs://bucket/a/b");
  EXPECT_EQ(open_store("s3://bucket", options, clock)->url(), "s3://bucket");
  EXPECT_TRUE(is_bucket_url("gs://bucket"));
  EXPECT_FALSE(is_bucket_url("runs/gs"));
}

TEST(OpenStoreTest, MalformedBucketUrlsAreRefused) {
  for (const char* url : {"gs://", "gs:///a", "s3://b", "s3://bucket/../x", "gs://buck et/a"}) {
    EXPECT_THAT(refusal_of(url), HasSubstr(url)) << url;
  }
}

TEST(OpenStoreTest, FileUrlWithAHostIsRefused) {
  EXPECT_THAT(refusal_of("file://runs/x"), HasSubstr("file:///runs/x"));
}

TEST(OpenStoreTest, EmptyLocationIsRefused) {
  EXPECT_THAT(refusal_of(""), HasSubstr("empty location"));
}

}  // namespace
}  // namespace temper::storage
