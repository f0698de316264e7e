#include "core/hub/repository_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/hub/hub_api.h"
#include "tests/support/temporary_directory.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;
using temper::testing::write_file;

const std::string kCommit(40, 'c');
const std::string kOid(40, 'a');
const std::string kSha256(64, 'b');
const std::vector<TreeFile> kFiles = {{"a/b.json", 3, kOid, ""},
                                      {"m.safetensors", 5'000'000'000, kOid, kSha256, "xet"}};

class RepositoryCacheTest : public ::testing::Test {
 protected:
  temper::testing::TemporaryDirectory folder_;
  const RepositoryCache cache_{folder_.path(), {RepositoryKind::kModel, "org/name"}};
};

TEST_F(RepositoryCacheTest, RemembersRevisionsAndTrees) {
  EXPECT_EQ(cache_.commit_of("main"), std::nullopt);
  cache_.remember("main", kCommit);
  cache_.remember("refs/pr/7", kCommit);
  EXPECT_EQ(cache_.commit_of("main"), kCommit);
  EXPECT_EQ(cache_.commit_of("refs/pr/7"), kCommit);
  EXPECT_EQ(cache_.tree(kCommit), std::nullopt);
  cache_.remember_tree(kCommit, kFiles);
  EXPECT_EQ(cache_.tree(kCommit), kFiles);
}

TEST_F(RepositoryCacheTest, ReadsPythonsTree) {
  write_file(cache_.folder() / "trees" / (kCommit + ".json"), tree_text(kFiles));
  EXPECT_EQ(cache_.tree(kCommit), kFiles);
}

TEST_F(RepositoryCacheTest, IgnoresDamagedFiles) {
  write_file(cache_.folder() / "refs/main", "../../etc");
  EXPECT_EQ(cache_.commit_of("main"), std::nullopt);
  const std::string text = tree_text(kFiles);
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_EQ(parse_tree_text(text.substr(0, length)), std::nullopt) << length;
  }
  for (const char* hostile :
       {R"({"format_version":2,"files":{}})", R"({"format_version":1,"files":[]})",
        R"({"format_version":1,"files":{"a":7}})",
        R"({"format_version":1,"files":{"a":{"size":-1,"blob_id":"x"}}})",
        R"({"format_version":1,"files":{"../a":{"size":1,"blob_id":"x"}}})"}) {
    EXPECT_EQ(parse_tree_text(hostile), std::nullopt) << hostile;
  }
}

TEST_F(RepositoryCacheTest, LinksAreRelativeAndMended) {
  cache_.make_folders();
  write_file(cache_.blob(kOid), "abc");
  cache_.link(kCommit, kFiles[0]);
  const fs::path link = cache_.snapshot(kCommit) / "a/b.json";
  EXPECT_EQ(fs::read_symlink(link), fs::path("../../../blobs") / kOid);
  EXPECT_TRUE(cache_.has(kCommit, kFiles[0]));
  fs::remove(link);
  fs::create_symlink("nowhere", link);
  EXPECT_FALSE(cache_.has(kCommit, kFiles[0]));
  cache_.link(kCommit, kFiles[0]);
  EXPECT_TRUE(cache_.has(kCommit, kFiles[0]));
}

TEST(RedirectTargetTest, KeepsToHttp) {
  EXPECT_EQ(redirect_target("https://a:1/x?y", "/z?q=1"), "https://a:1/z?q=1");
  EXPECT_EQ(redirect_target("https://a/x", "//b/z"), "https://b/z");
  EXPECT_EQ(redirect_target("https://a/x", "https://b/z"), "https://b/z");
  EXPECT_EQ(redirect_target("http://a/x", "http://b/z"), "http://b/z");
  for (const char* evil : {"http://b/z", "file:///etc/passwd", "ftp://b/z", "", "z"}) {
    EXPECT_EQ(redirect_target("https://a/x", evil), "") << evil;
  }
}

}  // namespace
}  // namespace temper::hub
