#include "core/hub/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/hub/scripted_hub.h"

namespace temper::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;

const std::string kOid(40, 'a');
const std::string kSha256(64, 'b');

std::string file_json(const std::string& path) {
  return R"({"type":"file","oid":")" + kOid + R"(","size":3,"path":")" + path + R"("})";
}

const std::string kPage = R"([{"type":"directory","oid":")" + kOid +
                          R"(","size":0,"path":"d"},{"type":"file","oid":")" + kOid +
                          R"(","size":134,"path":"d/m.bin","lfs":{"oid":")" + kSha256 +
                          R"(","size":5000000000,"pointerSize":134}}])";

std::vector<TreeFile> parse(const std::string& body) {
  return parse_tree_page({"list x", {}}, body);
}

TEST(TreeTest, ReadsFilesAndLfsFiles) {
  const std::vector<TreeFile> files = parse(kPage);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0], (TreeFile{"d/m.bin", 5'000'000'000U, kOid, kSha256}));
  EXPECT_EQ(files[0].etag(), kSha256);
  EXPECT_EQ(parse("[" + file_json("a") + "]")[0].etag(), kOid);
}

TEST(TreeTest, RefusesEveryTruncation) {
  for (std::size_t length = 0; length < kPage.size(); ++length) {
    EXPECT_THROW(parse(kPage.substr(0, length)), HubError) << length;
  }
}

TEST(TreeTest, RefusesPathsThatLeadOutOfTheRepository) {
  for (const std::string path :
       {"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.", "a/", "x\\u0000y"}) {
    EXPECT_THROW(parse("[" + file_json(path) + "]"), HubError) << path;
  }
}

TEST(TreeTest, RefusesWhatIsNoTree) {
  const std::string path = R"("path":"a")";
  for (const std::string& body :
       {std::string("{}"), std::string("[1]"), R"([{"type":"file",)" + path + R"(,"size":1}])",
        R"([{"type":"file",)" + path + R"(,"size":-1,"oid":")" + kOid + R"("}])",
        R"([{"type":"file",)" + path + R"(,"size":1,"oid":"../x"}])",
        R"([{"type":"file",)" + path + R"(,"size":1,"oid":")" + kOid +
            R"(","lfs":{"oid":"../../x","size":1}}])"}) {
    EXPECT_THROW(parse(body), HubError) << body;
  }
}

TEST(TreeTest, FollowsPages) {
  ScriptedHub hub(ScriptedHub::settings("hf_x"));
  hub.answer(200, "[" + file_json("b") + "]",
             {{"Link", "<https://hub.example/api/models/o/n/tree/main?cursor=1>; rel=\"next\""}});
  hub.answer(200, "[" + file_json("a") + "]");
  EXPECT_THAT(list_tree(hub.api, parse_hub_url("hf://o/n")),
              ElementsAre(Field(&TreeFile::path, "a"), Field(&TreeFile::path, "b")));
  EXPECT_EQ(hub.sent()[0].url, "https://hub.example/api/models/o/n/tree/main?recursive=true");
  EXPECT_EQ(hub.sent()[1].url, "https://hub.example/api/models/o/n/tree/main?cursor=1");
}

TEST(TreeTest, DoesNotFollowPagesToOtherHosts) {
  ScriptedHub hub(ScriptedHub::settings("hf_x"));
  hub.answer(200, "[]", {{"Link", "<https://evil.example/x>; rel=\"next\""}});
  EXPECT_THROW(list_tree(hub.api, parse_hub_url("hf://o/n")), HubError);
  EXPECT_EQ(hub.sent().size(), 1U);
}

TEST(TreeTest, FindsOneFileByItsFolder) {
  ScriptedHub hub(ScriptedHub::settings());
  hub.answer(200, "[" + file_json("d/a") + "," + file_json("d/b") + "]");
  EXPECT_EQ(find_file(hub.api, parse_hub_url("hf://o/n@v/d/b")).path, "d/b");
  EXPECT_EQ(hub.sent()[0].url, "https://hub.example/api/models/o/n/tree/v/d");
  hub.answer(200, "[]");
  EXPECT_THROW(find_file(hub.api, parse_hub_url("hf://o/n/absent")), HubError);
}

TEST(TreeTest, ReadsLinks) {
  EXPECT_EQ(next_page({{"Link", "<a>; rel=\"prev\", <b>; rel=\"next\""}}), "b");
  EXPECT_EQ(next_page({{"Link", "<a; rel=\"next\""}}), "");
  EXPECT_EQ(next_page({}), "");
}

}  // namespace
}  // namespace temper::hub
